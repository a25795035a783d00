package observe

import (
	"fmt"
	"io"

	"go.temporal.io/sdk/log"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// NewLogger returns a logger of JSON lines with UTC times on w, from level
// (debug, info, warn or error) up. w gets one Write per line.
func NewLogger(w io.Writer, level string) (*zap.Logger, error) {
	least, err := zapcore.ParseLevel(level)
	if err != nil {
		return nil, fmt.Errorf("read log level: %w", err)
	}
	encoding := zap.NewProductionEncoderConfig()
	encoding.TimeKey = "time"
	encoding.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	encoding.EncodeDuration = zapcore.StringDurationEncoder
	core := zapcore.NewCore(zapcore.NewJSONEncoder(encoding), zapcore.Lock(zapcore.AddSync(w)), least)
	return zap.New(core, zap.AddCaller()), nil
}

// SDKLogger lets the Temporal SDK write to logger.
func SDKLogger(logger *zap.Logger) log.Logger {
	return sdkLogger{logger.WithOptions(zap.AddCallerSkip(1))}
}

type sdkLogger struct{ to *zap.Logger }

var (
	_ log.WithLogger      = sdkLogger{}
	_ log.WithSkipCallers = sdkLogger{}
)

func (l sdkLogger) Debug(msg string, keyvals ...any) { l.to.Debug(msg, fields(keyvals)...) }
func (l sdkLogger) Info(msg string, keyvals ...any)  { l.to.Info(msg, fields(keyvals)...) }
func (l sdkLogger) Warn(msg string, keyvals ...any)  { l.to.Warn(msg, fields(keyvals)...) }
func (l sdkLogger) Error(msg string, keyvals ...any) { l.to.Error(msg, fields(keyvals)...) }

// With implements log.WithLogger.
func (l sdkLogger) With(keyvals ...any) log.Logger {
	return sdkLogger{l.to.With(fields(keyvals)...)}
}

// WithCallerSkip implements log.WithSkipCallers.
func (l sdkLogger) WithCallerSkip(depth int) log.Logger {
	return sdkLogger{l.to.WithOptions(zap.AddCallerSkip(depth))}
}

// fields pairs keys and values. A key that is not text, and a last one without
// a value, are kept rather than dropped: they tell of a mistake.
func fields(keyvals []any) []zap.Field {
	fields := make([]zap.Field, 0, (len(keyvals)+1)/2)
	for len(keyvals) > 1 {
		key, ok := keyvals[0].(string)
		if !ok {
			key = fmt.Sprint(keyvals[0])
		}
		fields = append(fields, zap.Any(key, keyvals[1]))
		keyvals = keyvals[2:]
	}
	if len(keyvals) == 1 {
		fields = append(fields, zap.Any("without_value", keyvals[0]))
	}
	return fields
}
