package load

import (
	"errors"

	"cuelang.org/go/cue/build"
)

type Config struct{}

func Instances([]string, *Config) []*build.Instance {
	return []*build.Instance{{Err: errors.New("policies in CUE are left out of this program")}}
}
