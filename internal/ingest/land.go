package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/larder-data/larder/internal/engine"
	"github.com/larder-data/larder/internal/fault"
	"github.com/larder-data/larder/internal/state"
)

// Warehouse is where lake tables are kept.
type Warehouse interface {
	engine.Lander
	Discard(ctx context.Context, s engine.Staged) error
}

// Checker judges a lake table as it would be.
type Checker interface {
	// Check returns the results, and a Held fault when one stands in the way.
	Check(ctx context.Context, dataset string, staged engine.Staged) ([]state.Result, error)
	// Version identifies the rules; "" when there are none.
	Version(dataset string) string
}

// Landed is what landing a table brought.
type Landed struct {
	Changed bool
	Entry   state.Entry
	Rows    int64 // rows that arrived
	Notes   []string
	Results []state.Result
}

// Step is one table's way from its source into the warehouse.
type Step struct {
	Env, Run  string
	Dataset   string
	Warehouse Warehouse
	Ledger    state.Ledger
	Checker   Checker
}

// Land archives what is new for a table, judges the table as it would be, and
// lands it. Loads a check holds stay archived and are tried again by the next
// Land, together with what corrects them.
func (i *Ingester) Land(ctx context.Context, s Step) (Landed, error) {
	started := i.now()
	notes, archiveErr := i.Archive(ctx, s.Dataset, s.Run)
	landed := Landed{Notes: notes}
	if archiveErr != nil && fault.KindOf(archiveErr) != fault.Held {
		return landed, archiveErr
	}
	landing, release, err := i.Pending(ctx, s.Dataset, s.Warehouse)
	defer release()
	if err != nil {
		return landed, err
	}
	current, err := i.version(ctx, s)
	if err != nil {
		return landed, err
	}
	if len(landing.Loads) == 0 && current != "" {
		return landed, archiveErr
	}
	if landed.Results, err = s.judge(ctx, landing); err != nil {
		return landed, err
	}
	entry := state.Entry{
		Env: s.Env, Dataset: s.Dataset, Run: s.Run, DataVersion: versionOf(current, landing.Loads),
		CheckVersion: s.Checker.Version(s.Dataset), Columns: landing.Columns,
	}
	for _, l := range landing.Loads {
		landed.Rows += l.Rows
	}
	entry.Rows = landed.Rows
	landed.Entry, err = s.publish(ctx, entry, landing, started, i.now)
	if err != nil {
		return landed, err
	}
	landed.Changed = true
	for r := range landed.Results {
		landed.Results[r].Published = true
	}
	return landed, archiveErr
}

// version is the data version the ledger has of the table, "" for none.
func (i *Ingester) version(ctx context.Context, s Step) (string, error) {
	entries, err := s.Ledger.Current(ctx, s.Env)
	if err != nil {
		return "", fault.Wrap("ledger", err)
	}
	for _, e := range entries {
		if e.Dataset == s.Dataset {
			return "v" + e.DataVersion, nil
		}
	}
	return "", nil
}

// judge checks the table as it would be after the landing.
func (s Step) judge(ctx context.Context, landing engine.Landing) ([]state.Result, error) {
	if s.Checker.Version(s.Dataset) == "" {
		return nil, nil
	}
	landing.Marker = engine.Marker{Dataset: s.Dataset, Run: s.Run}
	staged, err := s.Warehouse.Preview(ctx, landing)
	if err != nil {
		return nil, err
	}
	results, err := s.Checker.Check(ctx, s.Dataset, staged)
	// The preview has served; left behind it would wait for the next start's sweep.
	if discardErr := s.Warehouse.Discard(context.WithoutCancel(ctx), staged); err == nil {
		err = discardErr
	}
	return results, err
}

// publish lands with the marker in the same transaction, the ledger told
// before and after.
func (s Step) publish(ctx context.Context, entry state.Entry, landing engine.Landing, started time.Time, now func() time.Time) (state.Entry, error) {
	entry, err := s.Ledger.Intend(ctx, entry)
	if err != nil {
		return state.Entry{}, fault.Wrap("ledger", err)
	}
	landing.Marker = engine.Marker{Dataset: s.Dataset, Version: entry.Version, Run: s.Run, Fence: entry.Fence, At: now()}
	_, landErr := s.Warehouse.Land(ctx, landing)
	entry.Took = now().Sub(started)
	to, note := state.Published, ""
	if landErr != nil {
		to, note = state.Failed, landErr.Error()
	}
	if err := s.Ledger.Settle(context.WithoutCancel(ctx), entry, to, note); err != nil {
		return state.Entry{}, fault.Wrap("ledger", err)
	}
	if landErr != nil {
		return state.Entry{}, landErr
	}
	return entry, nil
}

// versionOf names the loads a table is made of: what it was before and what
// came.
func versionOf(before string, loads []engine.ArchivedLoad) string {
	hash := sha256.New()
	io.WriteString(hash, before)
	for _, l := range loads {
		fmt.Fprintf(hash, "\n%s", l.ID)
	}
	return hex.EncodeToString(hash.Sum(nil)[:16])
}
