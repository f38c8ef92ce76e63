package state

import "context"

// Committer is the extra power to write several things down in one durable
// act: one wait for the disk instead of one for each.
type Committer interface {
	// Commit does all of the batch or nothing. The entries of b.Intend get their
	// Version, Fence, State and At; on an error they are as they were.
	Commit(ctx context.Context, b *Batch) error
}

// Batch is what a Commit writes, in this order: results, intents, settlements,
// steps. Each follows the rules of the single call: Record, Intend, Settle,
// SaveStep.
type Batch struct {
	Results     []Result
	Intend      []Entry
	Settlements []Settlement
	Steps       []Step
}

// Settlement is one call of Settle.
type Settlement struct {
	Entry Entry
	State EntryState
	Note  string
}

// Allowed reports whether a ledger entry may move from one state to another:
// Intended to Published or Failed, Published to Lost.
func (from EntryState) Allowed(to EntryState) bool {
	switch from {
	case Intended:
		return to == Published || to == Failed
	case Published:
		return to == Lost
	default:
		return false
	}
}
