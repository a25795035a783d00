package records

// Pack is the outer shell of the codec, for its fuzz tests.
var Pack = pack
