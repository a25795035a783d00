-- +goose Up
-- What tells this ledger from every other: one row, made once, which goes with a dump.
CREATE TABLE IF NOT EXISTS identity (
  one tinyint NOT NULL,
  id  varchar(32) NOT NULL,
  PRIMARY KEY (one)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT IGNORE INTO identity (one, id) VALUES (1, LEFT(SHA2(UUID(), 256), 12));
