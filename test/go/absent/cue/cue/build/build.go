package build

type Instance struct{ Err error }
