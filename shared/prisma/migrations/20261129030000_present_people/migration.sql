-- Operators list who is present, page by page in the order of ids: without these, a page reads everyone, or everyone online.
CREATE INDEX "User_id_present_idx" ON "User"("id") WHERE "isOnline" OR "availability" = 'invisible';
CREATE INDEX "AnonymousParticipant_id_present_idx" ON "AnonymousParticipant"("id") WHERE "isOnline";
