-- From when on older tokens and sessions of the person are refused.
ALTER TABLE "User" ADD COLUMN "sessionsRevokedAt" TIMESTAMPTZ(3);
ALTER TABLE "AnonymousParticipant" ADD COLUMN "sessionsRevokedAt" TIMESTAMPTZ(3);
