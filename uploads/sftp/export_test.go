package sftp

// Gone returns a channel that is closed when the first connection is gone.
func (s *Store) Gone() <-chan struct{} {
	first := s.pool.slots[0]
	first.mu.Lock()
	defer first.mu.Unlock()
	return first.conn.over
}
