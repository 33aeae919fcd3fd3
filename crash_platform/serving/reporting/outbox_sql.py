"""The statements of the outbox. What they are for is said in ``outbox``."""

from typing import Final

MAKE: Final = """
CREATE TABLE IF NOT EXISTS outbox (
  event_id TEXT NOT NULL, version INTEGER NOT NULL, visitor TEXT NOT NULL, form TEXT,
  told TEXT NOT NULL, partition_key TEXT NOT NULL, answer TEXT,
  state TEXT NOT NULL DEFAULT 'waiting', attempts INTEGER NOT NULL DEFAULT 0, reason TEXT,
  made_at REAL NOT NULL, due_at REAL NOT NULL, sent_at REAL,
  PRIMARY KEY (event_id, version)
) WITHOUT ROWID;
CREATE UNIQUE INDEX IF NOT EXISTS forms ON outbox (visitor, form) WHERE form IS NOT NULL;
CREATE INDEX IF NOT EXISTS due ON outbox (due_at) WHERE state = 'waiting';
CREATE INDEX IF NOT EXISTS ages ON outbox (made_at);
"""
ADD: Final = """
INSERT INTO outbox (event_id, version, visitor, form, told, partition_key, made_at, due_at)
VALUES (:event_id, :version, :visitor, :form, :told, :key, :now, :now)"""
ADDED: Final = "SELECT event_id FROM outbox WHERE visitor = :visitor AND form = :form"
WAITING: Final = "SELECT count(*) FROM outbox WHERE state = 'waiting'"
NEWEST: Final = """
SELECT version, told, partition_key FROM outbox WHERE event_id = :event_id AND visitor = :visitor
ORDER BY version DESC LIMIT 1"""
ANSWER: Final = "UPDATE outbox SET answer = :answer WHERE event_id = :event_id AND version = 1"
# One statement, so that no two processes take the same report.
TAKE: Final = """
UPDATE outbox SET due_at = :until WHERE (event_id, version) IN (
  SELECT event_id, version FROM outbox WHERE state = 'waiting' AND due_at <= :now
  ORDER BY made_at, version LIMIT 1)
RETURNING event_id, version, told, partition_key, attempts"""
SENT: Final = """
UPDATE outbox SET state = 'sent', sent_at = :now, reason = NULL, attempts = attempts + 1
WHERE event_id = :event_id AND version = :version"""
REFUSED: Final = """
UPDATE outbox SET state = :state, reason = :reason, due_at = :until, attempts = attempts + 1
WHERE event_id = :event_id AND version = :version AND state = 'waiting'"""
PUT_BACK: Final = """
UPDATE outbox SET due_at = min(due_at, :now), attempts = attempts + 1
WHERE state = 'waiting'
  AND (due_at <= :now OR (event_id = :event_id AND version = :version))"""
TRIED: Final = """
SELECT state != 'waiting' OR attempts > 0 FROM outbox
WHERE event_id = :event_id AND version = :version"""
OWN: Final = """
SELECT event_id, version, told, answer, state, attempts, reason, made_at, sent_at
FROM outbox WHERE visitor = :visitor AND (:event_id IS NULL OR event_id = :event_id)
ORDER BY event_id, version"""
FORGET_OLD: Final = "DELETE FROM outbox WHERE made_at < :before AND state != 'waiting'"
FORGET_MANY: Final = """
DELETE FROM outbox WHERE visitor = :visitor AND state != 'waiting' AND event_id IN (
  SELECT event_id FROM outbox WHERE visitor = :visitor AND version = 1
  ORDER BY made_at DESC, event_id LIMIT -1 OFFSET :most)"""
