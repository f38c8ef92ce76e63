package sqlite

import (
	"crypto/sha256"

	"github.com/larder-data/larder/internal/fault"
)

// names remembers the numbers rows are known by, so that a step of a run looks
// each of them up once. Rows are never renumbered, which keeps what is
// remembered true whatever other processes do; after a roll-back it is all
// forgotten.
type names struct {
	datasets map[datasetName]int64
	contents map[[sha256.Size]byte]int64
	checks   map[checkName]int64
	runs     map[string]*openRun
}

type datasetName struct{ env, name string }

type checkName struct {
	dataset int64
	name    string
}

// openRun is a run whose steps are being written.
type openRun struct {
	id    int64
	env   string
	began int64 // how many of its steps have started
}

func newNames() names {
	return names{
		datasets: map[datasetName]int64{}, contents: map[[sha256.Size]byte]int64{},
		checks: map[checkName]int64{}, runs: map[string]*openRun{},
	}
}

// dataset returns the number of a dataset, entering it when it is new.
func (w *writer) dataset(env, name string) (int64, error) {
	key := datasetName{env, name}
	if id, ok := w.known.datasets[key]; ok {
		return id, nil
	}
	id, err := w.number("SELECT id FROM dataset WHERE env = ? AND name = ?",
		"INSERT INTO dataset (env, name) VALUES (?, ?)", env, name)
	if err == nil {
		w.known.datasets[key] = id
	}
	return id, err
}

// check returns the number of a dataset's check, entering it when it is new.
func (w *writer) check(env, dataset, name string) (int64, error) {
	datasetID, err := w.dataset(env, dataset)
	if err != nil {
		return 0, err
	}
	key := checkName{datasetID, name}
	if id, ok := w.known.checks[key]; ok {
		return id, nil
	}
	id, err := w.number("SELECT id FROM check_name WHERE dataset_id = ? AND name = ?",
		"INSERT INTO check_name (dataset_id, name) VALUES (?, ?)", datasetID, name)
	if err == nil {
		w.known.checks[key] = id
	}
	return id, err
}

// content returns the number of a text, keeping it when it is new; 0 is the
// empty text.
func (w *writer) content(body string) (int64, error) {
	if body == "" {
		return 0, nil
	}
	hash := sha256.Sum256([]byte(body))
	if id, ok := w.known.contents[hash]; ok {
		return id, nil
	}
	var id int64
	found, err := w.row("SELECT id FROM content WHERE hash = ?", []any{hash[:]}, &id)
	if !found && err == nil {
		id, err = w.insert("INSERT INTO content (hash, body) VALUES (?, ?)", hash[:], body)
	}
	if err == nil {
		w.known.contents[hash] = id
	}
	return id, err
}

// number returns what the first statement finds, or the second one enters.
func (w *writer) number(find, enter string, args ...any) (int64, error) {
	var id int64
	found, err := w.row(find, args, &id)
	if !found && err == nil {
		id, err = w.insert(enter, args...)
	}
	return id, err
}

// run returns what is known of a run; NotFound when it was never started.
func (w *writer) run(name string) (*openRun, error) {
	if r, ok := w.known.runs[name]; ok {
		return r, nil
	}
	r := &openRun{}
	found, err := w.row("SELECT id, env, (SELECT coalesce(max(began), 0) FROM step WHERE run_id = run.id) FROM run WHERE name = ?",
		[]any{name}, &r.id, &r.env, &r.began)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, fault.New(fault.NotFound, "there is no run %s", name)
	}
	w.known.runs[name] = r
	return r, nil
}
