// Package plant makes discrepancies in a pair of simulated servers, as an
// administrator's mistake or Joget itself would leave them, and says which
// finding each of them must cause. Both servers come from test/simulator/seed.
// Start reading at All and Pair.Plant.
package plant
