/** Version 3 hides its types behind its exports; what is used of it here is as in version 4. */
declare module "socket.io-client-3" {
  export { io } from "socket.io-client";
}
