// Package completejourney holds nothing but the tests of the example project in
// this folder: they build it from the public files and hold every figure of its
// marts against the same files read without the product.
package completejourney
