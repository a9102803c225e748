-- Someone who never connected was never active and never seen: no date, where the moment of the INSERT stood. Until no
-- process of the release before is left, which cannot read a row without dates, 1970 stands for none.
ALTER TABLE "User" ALTER COLUMN "lastSeen" DROP NOT NULL, ALTER COLUMN "lastSeen" SET DEFAULT '1970-01-01 00:00:00+00',
  ALTER COLUMN "lastActiveAt" DROP NOT NULL, ALTER COLUMN "lastActiveAt" SET DEFAULT '1970-01-01 00:00:00+00';
