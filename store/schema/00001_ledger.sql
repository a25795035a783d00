-- +goose Up
-- Identifiers are compared as bytes.
CREATE TABLE IF NOT EXISTS migration (
  name          varchar(128) NOT NULL,
  source        varchar(190) NOT NULL,
  target        varchar(190) NOT NULL,
  config_digest varchar(128) NOT NULL,
  plan_id       varchar(128) NOT NULL DEFAULT '',
  planned_at    datetime(6) NULL,
  next_ordinal  bigint NOT NULL DEFAULT 1,
  created_at    datetime(6) NOT NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS instance (
  migration         varchar(128) NOT NULL,
  instance          varchar(255) NOT NULL,
  ordinal           bigint NOT NULL,
  definition        varchar(700) NOT NULL,
  process           varchar(600) NOT NULL,
  target_definition varchar(700) NOT NULL DEFAULT '',
  requester         varchar(255) NOT NULL,
  record            varchar(255) NOT NULL,
  started           bigint NOT NULL,
  state             varchar(16) NOT NULL,
  step              varchar(32) NOT NULL DEFAULT '',
  reason            varchar(64) NOT NULL DEFAULT '',
  detail            mediumtext NULL,
  park_id           bigint NOT NULL DEFAULT 0,
  park_token        varchar(255) NOT NULL DEFAULT '',
  wave              varchar(128) NOT NULL DEFAULT '',
  claim_token       varchar(255) NOT NULL DEFAULT '',
  target_id         varchar(255) NULL,
  verdict           varchar(16) NOT NULL DEFAULT '',
  findings          int NOT NULL DEFAULT 0,
  activities        text NULL, -- open when planned: a JSON list of definition IDs, sorted
  plan_id           varchar(128) NOT NULL,
  updated_at        datetime(6) NOT NULL,
  PRIMARY KEY (migration, instance),
  UNIQUE KEY instance_order (migration, ordinal),
  UNIQUE KEY instance_target (migration, target_id),
  KEY instance_state (migration, state, ordinal),
  KEY instance_wave (migration, wave, state, ordinal, verdict),
  KEY instance_token (migration, claim_token, wave, ordinal)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS finding (
  id        bigint NOT NULL AUTO_INCREMENT,
  migration varchar(128) NOT NULL,
  instance  varchar(255) NOT NULL,
  check_id  varchar(32) NOT NULL,
  severity  varchar(16) NOT NULL,
  subject   varchar(700) NOT NULL,
  message   mediumtext NOT NULL,
  seen      mediumtext NOT NULL,
  remedy    mediumtext NOT NULL,
  way       varchar(64) NOT NULL DEFAULT '',
  PRIMARY KEY (id),
  KEY finding_instance (migration, instance, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS wave (
  migration  varchar(128) NOT NULL,
  name       varchar(128) NOT NULL,
  ordinal    bigint NOT NULL,
  filter     mediumblob NOT NULL,
  size       bigint NOT NULL,
  window_size bigint NOT NULL,
  rate       double NOT NULL,
  max_parked bigint NOT NULL,
  pilotless  tinyint NOT NULL,
  status     varchar(16) NOT NULL,
  taken      bigint NOT NULL,
  looked_at  bigint NULL, -- the last ordinal of those that were taken or passed over; NULL: all were
  created_by varchar(255) NOT NULL,
  created_at datetime(6) NOT NULL,
  PRIMARY KEY (migration, name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Which waves took an instance since it was planned, or rolled back: the row of the
-- instance has the last one.
CREATE TABLE IF NOT EXISTS wave_taken (
  migration varchar(128) NOT NULL,
  wave      varchar(128) NOT NULL,
  instance  varchar(255) NOT NULL,
  PRIMARY KEY (migration, wave, instance),
  KEY (migration, instance)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- How many entries each wave has, by state and verdict: the sum of n. Whatever
-- changes entries of a wave adds what it changes the numbers by, so that nobody
-- waits for anybody and nobody counts the wave.
CREATE TABLE IF NOT EXISTS wave_count (
  id        bigint NOT NULL AUTO_INCREMENT,
  migration varchar(128) NOT NULL,
  wave      varchar(128) NOT NULL,
  state     varchar(16) NOT NULL,
  verdict   varchar(16) NOT NULL,
  n         bigint NOT NULL,
  PRIMARY KEY (id),
  KEY wave_count_wave (migration, wave, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS decision (
  migration varchar(128) NOT NULL,
  instance  varchar(255) NOT NULL,
  park_id   bigint NOT NULL,
  action    varchar(16) NOT NULL,
  target_id varchar(255) NOT NULL,
  discard   tinyint NOT NULL,
  decided_by varchar(255) NOT NULL,
  reason_text mediumtext NOT NULL,
  decided_at datetime(6) NOT NULL,
  PRIMARY KEY (migration, instance, park_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Where an instance goes on, as an operator typed it last: activities of the target, a
-- JSON list. park_id is the parking that it answers, 0 for none.
CREATE TABLE IF NOT EXISTS resume_at (
  migration varchar(128) NOT NULL,
  instance  varchar(255) NOT NULL,
  activities text NOT NULL,
  park_id   bigint NOT NULL,
  said_by   varchar(255) NOT NULL,
  said_at   datetime(6) NOT NULL,
  PRIMARY KEY (migration, instance)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS snapshot (
  migration varchar(128) NOT NULL,
  instance  varchar(255) NOT NULL,
  seq       int NOT NULL,
  digest    varchar(64) NOT NULL,
  data      longblob NOT NULL,
  taken_at  datetime(6) NOT NULL,
  PRIMARY KEY (migration, instance, seq)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS start_claim (
  source     varchar(190) NOT NULL,
  instance   varchar(255) NOT NULL,
  target     varchar(190) NOT NULL,
  migration  varchar(128) NOT NULL,
  state      varchar(16) NOT NULL,
  attempt    int NOT NULL,
  token      varchar(255) NOT NULL,
  record     varchar(255) NOT NULL,
  -- NULL until the first look that found nothing in the way.
  baseline   mediumblob NULL,
  accepted   tinyint NOT NULL DEFAULT 0,
  fate       varchar(16) NOT NULL DEFAULT '',
  refused    varchar(64) NOT NULL DEFAULT '',
  http_status int NOT NULL DEFAULT 0,
  definition varchar(700) NOT NULL DEFAULT '',
  sent       longblob NULL,
  target_id  varchar(255) NULL,
  identity   mediumblob NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (source, instance, target),
  UNIQUE KEY start_claim_target (target, target_id),
  KEY start_claim_record (target, record)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Which instance has a record of the target to itself: from before its data is copied
-- until its start has an end and its captures are closed.
CREATE TABLE IF NOT EXISTS record_hold (
  target    varchar(190) NOT NULL,
  record    varchar(255) NOT NULL,
  source    varchar(190) NOT NULL,
  instance  varchar(255) NOT NULL,
  migration varchar(128) NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (target, record),
  KEY record_hold_instance (instance)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Every target instance that was ever known to be ours: "current", or closed
-- since ("former"), or a wreck that was aborted ("wreck").
CREATE TABLE IF NOT EXISTS target_instance (
  target    varchar(190) NOT NULL,
  target_id varchar(255) NOT NULL,
  source    varchar(190) NOT NULL,
  instance  varchar(255) NOT NULL,
  role      varchar(16) NOT NULL,
  identity  mediumblob NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (target, target_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The last call that changes the target of each instance, and what is known of it.
CREATE TABLE IF NOT EXISTS fence (
  source    varchar(190) NOT NULL,
  instance  varchar(255) NOT NULL,
  target    varchar(190) NOT NULL,
  fence_id  varchar(64) NOT NULL,
  is_open   tinyint NOT NULL,
  step      varchar(32) NOT NULL,
  verb      varchar(32) NOT NULL,
  call_target varchar(255) NOT NULL,
  activity  varchar(255) NOT NULL,
  activity_id varchar(255) NOT NULL,
  user_name varchar(255) NOT NULL,
  variable  varchar(255) NOT NULL,
  abort_current tinyint NOT NULL,
  earlier int NOT NULL,
  snapshot  int NOT NULL,
  fate      varchar(16) NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (source, instance, target)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What happened, line by line. The columns from verb to snapshot are of calls,
-- and as in fence; "" and 0 in other lines.
CREATE TABLE IF NOT EXISTS step_log (
  id        bigint NOT NULL AUTO_INCREMENT,
  migration varchar(128) NOT NULL,
  instance  varchar(255) NOT NULL,
  step      varchar(32) NOT NULL,
  kind      varchar(16) NOT NULL,
  event     varchar(32) NOT NULL,
  verb      varchar(32) NOT NULL,
  call_target varchar(255) NOT NULL,
  activity  varchar(255) NOT NULL,
  activity_id varchar(255) NOT NULL,
  user_name varchar(255) NOT NULL,
  variable  varchar(255) NOT NULL,
  abort_current tinyint NOT NULL,
  earlier int NOT NULL,
  snapshot  int NOT NULL,
  fate      varchar(16) NOT NULL,
  facts     mediumtext NOT NULL, -- JSON; "" for none
  detail    mediumtext NOT NULL,
  http_status int NOT NULL,
  actor     varchar(255) NOT NULL,
  at        datetime(6) NOT NULL,
  PRIMARY KEY (id),
  KEY step_log_instance (migration, instance, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Records of the source that have another ID on the target. A row is never changed.
CREATE TABLE IF NOT EXISTS record_key (
  source    varchar(190) NOT NULL,
  target    varchar(190) NOT NULL,
  record    varchar(255) NOT NULL,
  target_record varchar(255) NOT NULL,
  decided_by varchar(255) NOT NULL,
  decided_at datetime(6) NOT NULL,
  PRIMARY KEY (source, target, record)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The bulk copy of a migration, in its latest pass. what is a BulkOrder as JSON, packed.
CREATE TABLE IF NOT EXISTS bulk_copy (
  migration varchar(128) NOT NULL,
  what      mediumblob NOT NULL,
  pass      varchar(16) NOT NULL,
  status    varchar(16) NOT NULL,
  rows_per_second int NOT NULL,
  begun_at  datetime(6) NOT NULL,
  ended_at  datetime(6) NULL,
  PRIMARY KEY (migration)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What it is cut into. owner is the lane that works at a chunk, '' for none. Those of a
-- lower turn are done before the others.
CREATE TABLE IF NOT EXISTS bulk_chunk (
  id        bigint NOT NULL AUTO_INCREMENT,
  migration varchar(128) NOT NULL,
  kind      varchar(16) NOT NULL,
  turn      int NOT NULL DEFAULT 0,
  form_table varchar(64) NOT NULL,
  after_id  varchar(255) NOT NULL,
  to_id     varchar(255) NOT NULL,
  planned   int NOT NULL,
  state     varchar(16) NOT NULL,
  owner     varchar(255) NOT NULL,
  reason    varchar(64) NOT NULL,
  detail    mediumtext NOT NULL,
  rows_read bigint NOT NULL,
  bytes     bigint NOT NULL,
  inserted  bigint NOT NULL,
  overwritten bigint NOT NULL,
  same      bigint NOT NULL,
  kept      bigint NOT NULL,
  conflicts bigint NOT NULL,
  missing   bigint NOT NULL,
  differing bigint NOT NULL,
  extra     bigint NOT NULL,
  gone      bigint NOT NULL,
  removed   bigint NOT NULL,
  restored  bigint NOT NULL,
  in_use    bigint NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (id),
  KEY bulk_chunk_turn (migration, state, turn, id),
  KEY bulk_chunk_table (migration, kind, form_table)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Rows and files that chunks brought, or meant to: ids, or paths below the folder of the
-- table, and digests, packed, some hundreds at a time. first_id and last_id are the least
-- and the greatest of them as bytes, of files those of the folders of their records.
-- undone_at: they were taken back, and are nobody's any more.
CREATE TABLE IF NOT EXISTS bulk_row (
  id        bigint NOT NULL AUTO_INCREMENT,
  chunk     bigint NOT NULL,
  target    varchar(190) NOT NULL,
  kind      varchar(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  form_table varchar(64) NOT NULL,
  first_id  varchar(255) NOT NULL,
  last_id   varchar(255) NOT NULL,
  row_count int NOT NULL,
  data      longblob NOT NULL,
  noted_at  datetime(6) NOT NULL,
  undone_at datetime(6) NULL,
  PRIMARY KEY (id),
  KEY bulk_row_chunk (chunk, id),
  KEY bulk_row_id (target, kind, form_table, first_id, last_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS target_mark (
  target  varchar(190) NOT NULL,
  counter varchar(255) NOT NULL,
  mark    bigint NOT NULL,
  PRIMARY KEY (target, counter)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- content names the chunks of what is said of the rows. Chunks of rows are named there.
CREATE TABLE IF NOT EXISTS row_capture (
  source    varchar(190) NOT NULL,
  instance  varchar(255) NOT NULL,
  target    varchar(190) NOT NULL,
  id        varchar(128) NOT NULL,
  content   varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  is_open   tinyint NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (source, instance, target, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What rows of the target were before we wrote; the lowest id of an instance is
-- the image to go back to. image_key is a digest of what makes a row unique,
-- which is too long for an index.
CREATE TABLE IF NOT EXISTS row_image (
  id        bigint NOT NULL AUTO_INCREMENT,
  image_key char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target    varchar(190) NOT NULL,
  source    varchar(190) NOT NULL,
  instance  varchar(255) NOT NULL,
  form_table varchar(64) NOT NULL,
  row_id    varchar(255) NOT NULL,
  existed   tinyint NOT NULL,
  digest    char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  data      longblob NULL,
  taken_at  datetime(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY row_image_key (image_key),
  KEY row_image_instance (instance, source, target, id),
  KEY row_image_row (target, form_table, row_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What we wrote, or meant to write (is_written 0), into rows of the target.
CREATE TABLE IF NOT EXISTS row_written (
  id        bigint NOT NULL AUTO_INCREMENT,
  image_key char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target    varchar(190) NOT NULL,
  source    varchar(190) NOT NULL,
  instance  varchar(255) NOT NULL,
  form_table varchar(64) NOT NULL,
  row_id    varchar(255) NOT NULL,
  digest    char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  is_written tinyint NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY row_written_key (image_key),
  KEY row_written_row (target, form_table, row_id),
  KEY row_written_instance (instance, source, target, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The same for files. Names are bytes. content names the chunks of the former
-- file; chunks that no image names are of an attempt that did not end.
CREATE TABLE IF NOT EXISTS file_image (
  id        bigint NOT NULL AUTO_INCREMENT,
  image_key char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target    varchar(190) NOT NULL,
  source    varchar(190) NOT NULL,
  instance  varchar(255) NOT NULL,
  form_table varchar(64) NOT NULL,
  row_id    varchar(255) NOT NULL,
  name      mediumblob NOT NULL,
  existed   tinyint NOT NULL,
  kind      varchar(16) NOT NULL,
  size      bigint NOT NULL,
  modified_ns bigint NOT NULL,
  sum       char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  content   varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  taken_at  datetime(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY file_image_key (image_key),
  KEY file_image_instance (instance, source, target, id),
  KEY file_image_row (target, form_table, row_id, name(255))
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS file_written (
  id        bigint NOT NULL AUTO_INCREMENT,
  image_key char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target    varchar(190) NOT NULL,
  source    varchar(190) NOT NULL,
  instance  varchar(255) NOT NULL,
  form_table varchar(64) NOT NULL,
  row_id    varchar(255) NOT NULL,
  name      mediumblob NOT NULL,
  sum       char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  is_written tinyint NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY file_written_key (image_key),
  KEY file_written_row (target, form_table, row_id, name(255)),
  KEY file_written_instance (instance, source, target, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS content_chunk (
  content varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seq     int NOT NULL,
  data    longblob NOT NULL,
  stored_at datetime(6) NOT NULL,
  PRIMARY KEY (content, seq)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The plan under way or the last one. complete: all of it was saved. compared:
-- there was a plan before it, and findings_before are those about servers and
-- definitions that it left.
CREATE TABLE IF NOT EXISTS plan_run (
  migration varchar(128) NOT NULL,
  plan_id   varchar(128) NOT NULL,
  compared  tinyint NOT NULL,
  complete  tinyint NOT NULL,
  findings_before mediumblob NOT NULL,
  begun_at  datetime(6) NOT NULL,
  PRIMARY KEY (migration)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What that plan changed. Findings are check IDs, sorted, with spaces between;
-- a row whose two sides are equal is no change.
CREATE TABLE IF NOT EXISTS plan_change (
  migration varchar(128) NOT NULL,
  instance  varchar(255) NOT NULL,
  was       varchar(16) NOT NULL,
  state     varchar(16) NOT NULL,
  findings_before mediumtext NOT NULL,
  findings_after  mediumtext NOT NULL,
  PRIMARY KEY (migration, instance),
  KEY plan_change_move (migration, was, state, instance)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Which instances were begun as pilots. What they map to, and how they ended, is
-- in instance. A row goes when a wave claims its instance.
-- The package files of both servers when the plan was made. xpdl is packed.
CREATE TABLE IF NOT EXISTS frozen_package (
  migration varchar(128) NOT NULL,
  role      varchar(16) NOT NULL,
  package   varchar(190) NOT NULL,
  version   varchar(32) NOT NULL,
  xpdl      longblob NOT NULL,
  PRIMARY KEY (migration, role, package, version)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS pilot (
  migration varchar(128) NOT NULL,
  instance  varchar(255) NOT NULL,
  begun_by  varchar(255) NOT NULL,
  begun_at  datetime(6) NOT NULL,
  PRIMARY KEY (migration, instance)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What was seen on the target before a pilot was compared: JSON, packed.
CREATE TABLE IF NOT EXISTS pilot_evidence (
  migration varchar(128) NOT NULL,
  instance  varchar(255) NOT NULL,
  data      longblob NOT NULL,
  taken_at  datetime(6) NOT NULL,
  PRIMARY KEY (migration, instance)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Source instances whose rollback has begun and that wrote nothing since: they
-- use no row and no file of the target.
CREATE TABLE IF NOT EXISTS undo_mark (
  source    varchar(190) NOT NULL,
  instance  varchar(255) NOT NULL,
  target    varchar(190) NOT NULL,
  begun_at  datetime(6) NOT NULL,
  PRIMARY KEY (source, instance, target)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Images that were put back, or that became void with that: history. id is that
-- of row_image.
CREATE TABLE IF NOT EXISTS row_image_undone (
  undo_id   bigint NOT NULL AUTO_INCREMENT,
  id        bigint NOT NULL,
  target    varchar(190) NOT NULL,
  source    varchar(190) NOT NULL,
  instance  varchar(255) NOT NULL,
  form_table varchar(64) NOT NULL,
  row_id    varchar(255) NOT NULL,
  existed   tinyint NOT NULL,
  digest    char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  data      longblob NULL,
  taken_at  datetime(6) NOT NULL,
  undone_at datetime(6) NOT NULL,
  PRIMARY KEY (undo_id),
  KEY row_image_undone_row (target, form_table, row_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The same for files; their content stays in content_chunk.
CREATE TABLE IF NOT EXISTS file_image_undone (
  undo_id   bigint NOT NULL AUTO_INCREMENT,
  id        bigint NOT NULL,
  target    varchar(190) NOT NULL,
  source    varchar(190) NOT NULL,
  instance  varchar(255) NOT NULL,
  form_table varchar(64) NOT NULL,
  row_id    varchar(255) NOT NULL,
  name      mediumblob NOT NULL,
  existed   tinyint NOT NULL,
  kind      varchar(16) NOT NULL,
  size      bigint NOT NULL,
  modified_ns bigint NOT NULL,
  sum       char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  content   varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  taken_at  datetime(6) NOT NULL,
  undone_at datetime(6) NOT NULL,
  PRIMARY KEY (undo_id),
  KEY file_image_undone_row (target, form_table, row_id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Rollbacks of lists and waves.
CREATE TABLE IF NOT EXISTS rollback_run (
  migration  varchar(128) NOT NULL,
  name       varchar(128) NOT NULL,
  discard    tinyint NOT NULL,
  created_by varchar(255) NOT NULL,
  created_at datetime(6) NOT NULL,
  PRIMARY KEY (migration, name)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The last rollback of each instance. came_from is the state to return to when
-- it is refused; rollback is "" where it is not part of a run. position: the
-- highest is the first to be undone. handed_out: its turn came.
CREATE TABLE IF NOT EXISTS rollback_instance (
  migration  varchar(128) NOT NULL,
  instance   varchar(255) NOT NULL,
  rollback   varchar(128) NOT NULL,
  came_from  varchar(16) NOT NULL,
  reason     varchar(64) NOT NULL,
  detail     mediumtext NOT NULL,
  position   bigint NOT NULL,
  handed_out tinyint NOT NULL,
  outcome    varchar(16) NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (migration, instance),
  KEY rollback_instance_turn (migration, rollback, outcome, handed_out, position, instance)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- The last comparison of each instance, and its items. deciding: it decided the
-- state of the instance; else it was a mere look.
CREATE TABLE IF NOT EXISTS verdict (
  migration   varchar(128) NOT NULL,
  instance    varchar(255) NOT NULL,
  verdict     varchar(16) NOT NULL,
  deciding    tinyint NOT NULL,
  compared_at datetime(6) NOT NULL,
  PRIMARY KEY (migration, instance)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE IF NOT EXISTS verdict_item (
  migration varchar(128) NOT NULL,
  instance  varchar(255) NOT NULL,
  seq       int NOT NULL,
  kind      varchar(16) NOT NULL,
  path      mediumtext NOT NULL,
  subject   mediumtext NOT NULL,
  result    varchar(16) NOT NULL,
  seen      mediumtext NOT NULL,
  PRIMARY KEY (migration, instance, seq)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What lay in the folders of an instance's records before its start: JSON,
-- packed. is_open 0: what tools did to them since was put back, or is to stay.
CREATE TABLE IF NOT EXISTS file_capture (
  source    varchar(190) NOT NULL,
  instance  varchar(255) NOT NULL,
  target    varchar(190) NOT NULL,
  content   varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  is_open   tinyint NOT NULL,
  taken_at  datetime(6) NOT NULL,
  PRIMARY KEY (source, instance, target)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Files as tools made them, which are not there any more: kept, and nothing to
-- go back to. content names chunks in content_chunk.
CREATE TABLE IF NOT EXISTS file_of_tool (
  id        bigint NOT NULL AUTO_INCREMENT,
  image_key char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  target    varchar(190) NOT NULL,
  source    varchar(190) NOT NULL,
  instance  varchar(255) NOT NULL,
  form_table varchar(64) NOT NULL,
  row_id    varchar(255) NOT NULL,
  name      mediumblob NOT NULL,
  size      bigint NOT NULL,
  modified_ns bigint NOT NULL,
  sum       char(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  content   varchar(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  taken_at  datetime(6) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY file_of_tool_key (image_key),
  KEY file_of_tool_instance (instance, source, target, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Rehearsals: answers, mistakes and result are JSON, packed. result is NULL
-- while it is under way. came_from is the state that the instance had; holds is
-- cleared when the rehearsal has ended, and when the instance was rolled back; the
-- target instance is '' until the migration is done.
CREATE TABLE IF NOT EXISTS rehearsal (
  id        bigint NOT NULL AUTO_INCREMENT,
  migration varchar(128) NOT NULL,
  instance  varchar(255) NOT NULL,
  answers   mediumblob NOT NULL,
  max_steps int NOT NULL,
  came_from varchar(16) NOT NULL,
  holds     tinyint NOT NULL DEFAULT 1,
  target_id varchar(255) NOT NULL DEFAULT '',
  target_oid varchar(255) NOT NULL DEFAULT '',
  begun_by  varchar(255) NOT NULL,
  begun_at  datetime(6) NOT NULL,
  mistakes  mediumblob NULL,
  result    mediumblob NULL,
  ended_at  datetime(6) NULL,
  PRIMARY KEY (id),
  KEY rehearsal_instance (migration, instance, id)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What they completed: JSON, packed.
CREATE TABLE IF NOT EXISTS rehearsal_step (
  rehearsal bigint NOT NULL,
  number    int NOT NULL,
  is_done   tinyint NOT NULL,
  data      mediumblob NOT NULL,
  changed_at datetime(6) NOT NULL,
  PRIMARY KEY (rehearsal, number)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- What tells this ledger from every other: one row, made once, which goes with a dump.
CREATE TABLE IF NOT EXISTS identity (
  one tinyint NOT NULL,
  id  varchar(32) NOT NULL,
  PRIMARY KEY (one)
) ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

INSERT IGNORE INTO identity (one, id) VALUES (1, LEFT(SHA2(UUID(), 256), 12));
