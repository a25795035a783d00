package step

import (
	"context"
	"time"
)

// Ahead returns how far a server's clock is ahead of this machine's, to half
// the time it took to read it.
func Ahead(ctx context.Context, read func(context.Context) (time.Time, error)) (time.Duration, error) {
	asked := time.Now() //nolint:forbidigo // this clock is what is compared
	there, err := read(ctx)
	return there.Sub(asked.Add(time.Since(asked) / 2)), err
}
