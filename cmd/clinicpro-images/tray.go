package main

import "context"

func (a *agent) tray(ctx context.Context, group interface{ Go(func() error) }) error {
	<-ctx.Done()
	return nil
}
