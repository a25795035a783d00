// Command withmysql runs one command with a private database server: it starts the
// server on a temporary directory, sets FERRY_TEST_MYSQL, runs its arguments,
// stops the server, removes the directory and exits with the command's status.
// When FERRY_TEST_MYSQL is set already, it only runs the command.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"jogetferry/test/mysqltest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:])
	stop()
	var status *exec.ExitError
	switch {
	case errors.As(err, &status):
		os.Exit(max(1, status.ExitCode()))
	case err != nil:
		fmt.Fprintln(os.Stderr, "withmysql:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) (err error) {
	if len(args) == 0 {
		return errors.New("usage: withmysql COMMAND [ARGUMENT...]")
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...) //nolint:gosec // running its arguments is what it is for
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if os.Getenv(mysqltest.EnvDSN) != "" {
		return cmd.Run()
	}
	dir, err := os.MkdirTemp("", "ferry-withmysql-")
	if err != nil {
		return fmt.Errorf("make a directory for the server: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	server, err := mysqltest.Start(ctx, filepath.Join(dir, "mysql"))
	if err != nil {
		return err
	}
	// The data goes with the directory, so a kill is as good as a slow stop.
	defer func() { err = errors.Join(err, server.Kill(context.WithoutCancel(ctx))) }()
	cmd.Env = append(os.Environ(), mysqltest.EnvDSN+"="+server.DSN(""))
	return cmd.Run()
}
