package vendors

// chance turns a seed and words into a number, the same everywhere and always:
// FNV-1a over the words, then the finaliser of SplitMix64 (Steele, Lea, Flood
// 2014), so that neighbouring seeds and words give unrelated numbers.
func chance(seed uint64, words ...string) uint64 {
	x := uint64(14695981039346656037)
	for _, word := range words {
		for _, c := range []byte(word) {
			x = (x ^ uint64(c)) * 1099511628211
		}
		x = (x ^ 0xff) * 1099511628211 // "ab","c" is not "a","bc"
	}
	x += seed * 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
