// Package waves hands out the instances of a wave and of a rollback, and books how
// they end. It needs the ledger and Temporal only, no Joget server. Start reading
// at ClaimInstances.
package waves
