// Package adplatforms holds nothing but the tests of the example project in
// this folder: they build it from the public files and hold every row against
// the same files read without the product.
package adplatforms
