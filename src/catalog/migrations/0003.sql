-- What fails and works by turns. A subject that works again is watched for a while: how often it has worked since, whether those
-- who heard of the failure are still to hear that it is over, and how often it has failed again meanwhile.
ALTER TABLE alert_streaks ADD COLUMN worked INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert_streaks ADD COLUMN worked_since TEXT;
ALTER TABLE alert_streaks ADD COLUMN alarmed INTEGER NOT NULL DEFAULT 0 CHECK (alarmed IN (0, 1));
ALTER TABLE alert_streaks ADD COLUMN relapses INTEGER NOT NULL DEFAULT 0;
UPDATE alert_streaks SET alarmed = told > 0;
