package records

// Quote is the identifier quoting, and Pack the outer shell of the codec, for
// their fuzz tests.
var (
	Quote = quote
	Pack  = pack
)
