import { CognitoIdentityProviderClient, InitiateAuthCommand } from "@aws-sdk/client-cognito-identity-provider";

// Signing in is unsigned by its model: this client has no credentials, so it could not sign if it wanted to.
export async function signIn({ ClientId, USERNAME, PASSWORD }) {
  const credentials = () => Promise.reject(new Error("nothing may be signed here"));
  const client = new CognitoIdentityProviderClient({ credentials });
  const AuthParameters = { USERNAME, PASSWORD };
  const answer = await client.send(new InitiateAuthCommand({ AuthFlow: "USER_PASSWORD_AUTH", ClientId, AuthParameters }));
  return { type: answer.AuthenticationResult.TokenType, parts: answer.AuthenticationResult.IdToken.split(".").length };
}
