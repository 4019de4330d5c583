// Command cosign is cosign's own command line. What its main adds to that are the key services of four clouds,
// which no test needs and which would be half of what has to be downloaded.
package main

import (
	"log"

	"github.com/sigstore/cosign/v3/cmd/cosign/cli"
)

func main() {
	if err := cli.New().Execute(); err != nil {
		log.Fatalf("error during command execution: %v", err)
	}
}
