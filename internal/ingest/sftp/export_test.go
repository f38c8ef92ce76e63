package sftp

import (
	"context"
	"time"
)

// Waiting has the reader wait by a function of the test's.
func (r *Reader) Waiting(by func(context.Context, time.Duration) error) { r.wait = by }

// Patient is how long the reader bears a server that says nothing.
func (r *Reader) Patient(long time.Duration) { r.patient = long }
