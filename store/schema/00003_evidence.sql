-- +goose Up
-- What was seen on the target before a pilot was compared: JSON, packed.
CREATE TABLE IF NOT EXISTS pilot_evidence (
  migration varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  data      longblob NOT NULL,
  taken_at  datetime(6) NOT NULL,
  PRIMARY KEY (migration, instance)
) ENGINE=InnoDB;
