package json

import "cuelang.org/go/cue"

func Validate(_ []byte, by cue.Value) error { return by.Err() }
