package main

import (
	"context"
	"time"
)

// repeat does something every so often until ctx ends. What takes longer is
// not made up for.
func repeat(ctx context.Context, every time.Duration, do func(ctx context.Context)) error {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
			do(ctx)
		}
	}
}
