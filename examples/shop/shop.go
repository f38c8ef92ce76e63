// Package shop is the example a new user meets first: a grocery membership
// shop with its larder project, and a simulator that writes the raw files such
// a shop's systems would drop.
//
// The simulator only writes files. Landing, building and checking them is
// left to larder, like anybody's data.
//
// # What always holds
//
// Amounts are whole minor units (pence, cents) in the currency of the order.
// By construction, and to the penny at the end of any simulated day:
//
//	line:     gross = quantity x unit price
//	          net = gross - discount;  total = net + tax
//	order:    goods, discount, tax = the sums over its lines
//	          total = goods - discount + tax + shipping - store credit
//	payment:  authorised = total
//	shipment: value = totals of the lines that left + shipping fee (once)
//	          - store credit (as far as the value reaches)
//	          captured = value, at the moment it leaves
//	order:    total = captured + what is still to leave or was out of stock
//	          refunded + charged back <= captured
//	payout:   paid = captured - refunded - charged back - fees
//	member:   store credit granted + returned - used >= 0
//
// Amounts in pounds are the amount times the rate in force that day, rounded
// half away from zero line by line, never on a sum.
package shop

import (
	"embed"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/larder-data/larder/internal/fault"
)

//go:embed project/README.md project/VENDORS.md project/larder.yml project/squads project/sources project/checks
//go:embed all:project/models
var files embed.FS

// Write puts the example project into dir, as plain files to keep and edit.
// The folder is created when it is missing; one that already holds something
// is refused with an Invalid error, and nothing is written.
func Write(dir string) error {
	there, err := os.ReadDir(dir)
	if err == nil && len(there) > 0 {
		return fault.At(fault.Place{File: dir}, fault.Invalid, "the folder is not empty").
			WithHint("name a new folder, or empty this one")
	}
	if err != nil && !os.IsNotExist(err) {
		return outside(dir, err)
	}
	project, err := fs.Sub(files, "project")
	if err != nil {
		return fault.Wrap("the example project", err)
	}
	return fs.WalkDir(project, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return fault.Wrap("the example project", err)
		}
		target := filepath.Join(dir, filepath.FromSlash(path))
		if entry.IsDir() {
			return outside(target, os.MkdirAll(target, 0o755))
		}
		text, err := fs.ReadFile(project, path)
		if err != nil {
			return fault.Wrap("the example project", err)
		}
		return outside(target, os.WriteFile(target, text, 0o644))
	})
}
