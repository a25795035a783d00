-- +goose Up
-- Rehearsals: answers, mistakes and result are JSON, packed. result is NULL
-- while it is under way. came_from is the state that the instance had; holds is
-- cleared when the rehearsal has ended, and when the instance was rolled back; the
-- target instance is '' until the migration is done.
CREATE TABLE IF NOT EXISTS rehearsal (
  id        bigint NOT NULL AUTO_INCREMENT,
  migration varchar(128) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  instance  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  answers   mediumblob NOT NULL,
  max_steps int NOT NULL,
  came_from varchar(16) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  holds     tinyint NOT NULL DEFAULT 1,
  target_id varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  target_oid varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  begun_by  varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  begun_at  datetime(6) NOT NULL,
  mistakes  mediumblob NULL,
  result    mediumblob NULL,
  ended_at  datetime(6) NULL,
  PRIMARY KEY (id),
  KEY rehearsal_instance (migration, instance, id)
) ENGINE=InnoDB;

-- What they completed: JSON, packed.
CREATE TABLE IF NOT EXISTS rehearsal_step (
  rehearsal bigint NOT NULL,
  number    int NOT NULL,
  is_done   tinyint NOT NULL,
  data      mediumblob NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (rehearsal, number)
) ENGINE=InnoDB;
