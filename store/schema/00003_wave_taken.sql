-- +goose Up
-- Which waves took an instance since it was planned, or rolled back: the row of the
-- instance has the last one.
CREATE TABLE IF NOT EXISTS wave_taken (
  migration varchar(128) NOT NULL,
  wave      varchar(128) NOT NULL,
  instance  varchar(255) NOT NULL,
  PRIMARY KEY (migration, wave, instance),
  KEY (migration, instance)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
