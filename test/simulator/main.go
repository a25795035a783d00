package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	_ "github.com/go-sql-driver/mysql"
	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"jogetferry/test/simulator/apps"
	"jogetferry/test/simulator/fault"
	"jogetferry/test/simulator/plant"
	"jogetferry/test/simulator/schema"
	"jogetferry/test/simulator/seed"
	"jogetferry/test/simulator/server"
	"jogetferry/test/simulator/web"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := command().ExecuteContext(ctx); err != nil {
		os.Exit(1) //nolint:gocritic // stop has nothing left to do
	}
}

func command() *cobra.Command {
	root := &cobra.Command{Use: "simulator", Short: "A simulated Joget server", SilenceUsage: true}
	root.AddCommand(serveCommand(), schema.Command(), apps.Command(), seed.Command(), plant.Command())
	return root
}

type serveFlags struct {
	dsn, listen, uploads, effects string
	faults                        []string
	latency                       time.Duration
	seed                          uint64
	verbose                       bool
}

func serveCommand() *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve the JSON API on a prepared database", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return serve(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.dsn, "dsn", "", "Joget database, user:password@tcp(host:3306)/name")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:8080", "address to listen on")
	flags.StringVar(&f.uploads, "uploads", "", "folder that holds app_formuploads")
	flags.StringVar(&f.effects, "effects", "", "file to which every effect is appended as a line of JSON")
	flags.StringArrayVar(&f.faults, "fault", nil, "fault rule, such as path=process/start,kind=cut_after,count=1,delay=2s,p=0.5 (repeatable)")
	flags.DurationVar(&f.latency, "latency", 0, "delay before every call takes effect")
	flags.Uint64Var(&f.seed, "seed", 1, "seed of the fault dice and of the key order")
	flags.BoolVar(&f.verbose, "verbose", false, "log swallowed errors, which may hold personal data")
	cobra.CheckErr(cmd.MarkFlagRequired("dsn"))
	return cmd
}

func (f serveFlags) rules() ([]fault.Rule, error) {
	var rules []fault.Rule
	if f.latency > 0 {
		rules = append(rules, fault.Rule{Path: fault.Any, Kind: fault.Latency, Delay: f.latency})
	}
	for _, s := range f.faults {
		r, err := fault.ParseRule(s)
		if err != nil {
			return nil, err
		}
		rules = append(rules, r)
	}
	return rules, nil
}

// Connections of the pool: as many as a small Tomcat has threads for.
const (
	maxConnections  = 64
	idleConnections = 16
	shutdownTimeout = 10 * time.Second
	headerTimeout   = 30 * time.Second
)

func serve(ctx context.Context, f serveFlags) (err error) {
	rules, err := f.rules()
	if err != nil {
		return err
	}
	level := zap.NewAtomicLevelAt(zap.InfoLevel)
	if f.verbose {
		level.SetLevel(zap.DebugLevel)
	}
	cfg := zap.NewProductionConfig()
	cfg.Level = level
	log, err := cfg.Build()
	if err != nil {
		return fmt.Errorf("make logger: %w", err)
	}
	db, err := sql.Open("mysql", f.dsn)
	if err != nil {
		return fmt.Errorf("open database: %w", err)
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	db.SetMaxOpenConns(maxConnections)
	db.SetMaxIdleConns(idleConnections)
	s, err := server.New(ctx, server.Options{DB: db, UploadsDir: f.uploads, Effects: f.effects, Faults: rules, Seed: f.seed, Log: log, Recover: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", f.listen)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	h := &http.Server{Handler: s, ReadHeaderTimeout: headerTimeout, ErrorLog: zap.NewStdLog(log)}
	done := make(chan error, 1)
	go func() { done <- h.Serve(listener) }()
	log.Info("serving", zap.String("url", "http://"+listener.Addr().String()+web.Context))
	select {
	case err := <-done:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	down, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
	defer cancel()
	if err := h.Shutdown(down); err != nil {
		return fmt.Errorf("shut down: %w", err)
	}
	return nil
}
