// Package onlineretail holds nothing but the tests of the example project in
// this folder: they build it from the public files and pin exact figures, and
// build it from a few hand-written lines to try its rules.
package onlineretail
