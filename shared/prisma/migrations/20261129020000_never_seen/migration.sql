-- Someone who never connected was never active and never seen: no date, where the moment of the INSERT stood.
ALTER TABLE "User" ALTER COLUMN "lastSeen" DROP NOT NULL, ALTER COLUMN "lastSeen" DROP DEFAULT,
  ALTER COLUMN "lastActiveAt" DROP NOT NULL, ALTER COLUMN "lastActiveAt" DROP DEFAULT;
