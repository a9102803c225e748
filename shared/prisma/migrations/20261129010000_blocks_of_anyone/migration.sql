-- A block may name an anonymous participant, or an id that no one has: that a block is stored says nothing of who exists.
ALTER TABLE "UserBlock" DROP CONSTRAINT "UserBlock_blockedId_fkey";

-- In place of the foreign key: blocks end with the person whom they name.
CREATE FUNCTION "deleteBlocksOf"() RETURNS trigger AS $$
BEGIN
  DELETE FROM "UserBlock" WHERE "blockedId" = OLD."id";
  RETURN NULL;
END
$$ LANGUAGE plpgsql;

CREATE TRIGGER "User_deleteBlocks" AFTER DELETE ON "User"
  FOR EACH ROW EXECUTE FUNCTION "deleteBlocksOf"();

CREATE TRIGGER "AnonymousParticipant_deleteBlocks" AFTER DELETE ON "AnonymousParticipant"
  FOR EACH ROW EXECUTE FUNCTION "deleteBlocksOf"();
