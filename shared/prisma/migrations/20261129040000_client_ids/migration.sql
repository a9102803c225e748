-- A message that its sender's client names is stored once, however often it is sent. Messages of before have no name.
ALTER TABLE "Message" ADD COLUMN "clientId" TEXT;
CREATE UNIQUE INDEX "Message_senderId_clientId_key" ON "Message"("senderId", "clientId");
