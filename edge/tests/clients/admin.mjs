// Somebody signed in to the admin API.
export class Admin {
  static async signIn(backend, password) {
    const admin = new Admin();
    admin.url = `${backend}/graphql`;
    const query = 'mutation($input: SignInInput!) { signIn(input: $input) { accessToken } }';
    const answer = await admin.call(query, { input: { username: 'admin', password } });
    admin.token = answer.signIn.accessToken;
    return admin;
  }

  async call(query, variables) {
    const headers = { 'content-type': 'application/json' };
    if (this.token) headers.authorization = `Bearer ${this.token}`;
    const answer = await fetch(this.url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) });
    const { data, errors } = await answer.json();
    if (errors) throw new Error(JSON.stringify(errors));
    return data;
  }
}
