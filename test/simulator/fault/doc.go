// Package fault makes the simulator's answers go wrong on purpose: slow, cut,
// doubled, replaced by a proxy's, with or without the effect behind them. It
// wraps any http.Handler, decides for places inside calls what happens there, and
// knows nothing of Joget but the shapes of its error bodies. Start reading at Rule.
package fault
