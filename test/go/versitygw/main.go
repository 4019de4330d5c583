// Command versitygw is Versity's S3 gateway over a folder, by the gateway's own library, with those options of its command
// that tests use. The command itself is made of three other backends, their clouds' libraries and its own tests as well.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := serve(ctx); err != nil {
		log.Fatal(err)
	}
}

func serve(ctx context.Context) error {
	// What the command has by default.
	config := embedgw.Config{MaxConnections: 250_000, MultipartMaxParts: 10_000, SigHup: make(chan struct{})}
	port := flag.String("port", ":7070", "the address")
	flag.StringVar(&config.RootUserAccess, "access", "", "the access key")
	flag.StringVar(&config.RootUserSecret, "secret", "", "its secret")
	flag.BoolVar(&config.Quiet, "quiet", false, "no line for each request")
	flag.BoolVar(&config.KeepAlive, "keep-alive", false, "connections are kept")
	flag.BoolVar(&config.Readonly, "readonly", false, "nothing is written")
	flag.IntVar(&config.MaxRequests, "max-requests", 100_000, "requests at once")
	flag.Parse()
	config.Ports = []string{*port}
	if flag.NArg() != 2 || flag.Arg(0) != "posix" {
		return errors.New("usage: versitygw OPTIONS posix FOLDER")
	}
	folder := flag.Arg(1)
	if err := (meta.XattrMeta{}).Test(folder); err != nil {
		return err
	}
	options := posix.PosixOpts{Concurrency: 5000, IOBufferSize: 1 << 20, CopyObjectThreshold: 5 << 30}
	options.SetNewDirPerm(os.FileMode(0o755))
	options.SetNewFilePerm(os.FileMode(0o644))
	backend, err := posix.New(folder, meta.XattrMeta{}, options)
	if err != nil {
		return err
	}
	return embedgw.RunVersityGW(ctx, backend, &config)
}
