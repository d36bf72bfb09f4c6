//! Filling a new system as people would: over the admin API, signed in, each with their own role. Whatever is there
//! already is left, so a start that was cut off is taken up by the next one.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use fluxgate_client::change::{self, CreateFeatureInput, PromoteInput, VoteInput};
use fluxgate_client::client::{self, CreateClientInput};
use fluxgate_client::environment::{self, CreateEnvironmentInput};
use fluxgate_client::pipeline::{self, CreatePipelineInput, PipelineStageInput};
use fluxgate_client::policy::{self, CreatePolicyInput};
use fluxgate_client::session::{self, BootstrapInput, Session, SignInInput};
use fluxgate_client::team::{self, CreateTeamInput, SetMemberInput};
use fluxgate_client::user::{self, CreateUserInput};
use fluxgate_client::{
    Api, ClientKind, Code, Credentials, Decision, Error, PolicyScope, ProposalOutcome, Role, Tokens, server,
};
use uuid::Uuid;

use super::demo::{self, ADMIN, DEV, ENVIRONMENTS, Feature, LEAD, PIPELINE, POLICY, TEAM, USERS, User};
use super::fault::{Fault, OrFault};
use super::folder::{Folder, read_if_there, remove, write_private};
use super::ports::Ports;
use super::settings::Demo;

/// How long may one request take?
const PATIENCE: Duration = Duration::from_secs(30);

/// What the history says of all of this.
const REASON: &str = "demo data";

/// Fills the system, and returns what callers need to know of it.
pub(crate) async fn seed(folder: &Folder, ports: Ports) -> Result<Demo, Fault> {
    let admin = first_admin(folder, ports).await?;
    structure(&admin).await.or_fault(|| "make the demo team".to_owned())?;

    let dev = signed_in(ports, &DEV).await.or_fault(|| "sign in as dev".to_owned())?;
    let lead = signed_in(ports, &LEAD).await.or_fault(|| "sign in as lead".to_owned())?;
    for feature in demo::features() {
        let key = feature.key;
        live(&dev, &lead, feature).await.or_fault(|| format!("bring {key} to life"))?;
    }

    client_with_key(&admin, demo::EDGE_CLIENT, ClientKind::Edge, &folder.edge_key()).await?;
    let client =
        client_with_key(&admin, demo::CALLERS_CLIENT, ClientKind::Backend, &folder.callers_key()).await?;
    let environments =
        environment::list(&admin, TEAM).await.or_fault(|| "list the environments".to_owned())?;
    let environments: BTreeMap<String, Uuid> =
        environments.nodes.into_iter().map(|environment| (environment.key, environment.id)).collect();
    Ok(Demo { environments, client })
}

/// Signs in as the admin.
pub(crate) async fn admin_session(ports: Ports) -> Result<Session, Fault> {
    let api = connect(ports, Credentials::None).or_fault(|| "prepare the connection".to_owned())?;
    sign_in(&api, &ADMIN).await.or_fault(|| "sign in as admin".to_owned())
}

/// Signs in as the admin of an earlier, cut off start, or becomes the first one.
async fn first_admin(folder: &Folder, ports: Ports) -> Result<Api, Fault> {
    let api = connect(ports, Credentials::None).or_fault(|| "prepare the connection".to_owned())?;
    let server = server::get(&api).await.or_fault(|| "ask the backend for its state".to_owned())?;
    let session = if server.bootstrapped {
        sign_in(&api, &ADMIN).await.map_err(|error| {
            Fault::new(format!("the database has users already, and admin is not the demo's: {error}"))
                .hint("fgctl dev wants an empty database, or one that it filled itself")
        })?
    } else {
        let path = folder.bootstrap_token();
        let token = read_if_there(&path)?.ok_or_else(|| {
            Fault::new(format!("the backend wrote no bootstrap token to {}", path.display()))
        })?;
        let input = BootstrapInput {
            token: token.trim().to_owned(),
            username: ADMIN.username.to_owned(),
            password: ADMIN.password.to_owned(),
            name: Some(ADMIN.name.to_owned()),
        };
        let session = session::bootstrap(&api, input).await.or_fault(|| "make the first admin".to_owned())?;
        remove(&path)?;
        session
    };
    api.sign_with(Credentials::Session(Tokens::from(&session))).await;
    Ok(api)
}

/// Makes the team with everything that features need.
async fn structure(admin: &Api) -> Result<(), Error> {
    let input = CreateTeamInput {
        key: TEAM.to_owned(),
        name: Some("Demo".to_owned()),
        description: Some("What a new system has, to try things out.".to_owned()),
    };
    fresh(team::create(admin, input).await)?;
    for user in &USERS {
        people(admin, user).await?;
    }
    for (key, name, environment_type) in &ENVIRONMENTS {
        let input = CreateEnvironmentInput {
            team: TEAM.to_owned(),
            key: (*key).to_owned(),
            name: Some((*name).to_owned()),
            type_: environment_type.clone(),
            colour: None,
        };
        fresh(environment::create(admin, input).await)?;
    }
    let keys = ENVIRONMENTS.map(|(key, ..)| key);
    let before = std::iter::once(None).chain(keys.map(Some));
    let stages = keys
        .iter()
        .zip(before)
        .map(|(key, after)| PipelineStageInput {
            environment: (*key).to_owned(),
            after: after.map(str::to_owned),
        })
        .collect();
    let input = CreatePipelineInput {
        team: TEAM.to_owned(),
        key: PIPELINE.to_owned(),
        name: Some("Standard".to_owned()),
        stages,
    };
    fresh(pipeline::create(admin, input).await)?;
    let input = CreatePolicyInput {
        team: TEAM.to_owned(),
        name: POLICY.to_owned(),
        scope: PolicyScope::Production,
        environments: None,
        approvals: 1,
        roles: Some(vec![Role::Approver, Role::TeamAdmin]),
        auto_approve_hours: None,
        auto_approve_production: None,
        override_allowed: None,
    };
    fresh(policy::create(admin, input).await)?;
    Ok(())
}

/// Makes a user and gives them their role in the team. The admin is there already.
async fn people(admin: &Api, user: &User) -> Result<(), Error> {
    if user.username != ADMIN.username {
        let input = CreateUserInput {
            username: user.username.to_owned(),
            password: user.password.to_owned(),
            name: Some(user.name.to_owned()),
            email: None,
            system_admin: None,
        };
        fresh(user::create(admin, input).await)?;
    }
    let input = SetMemberInput {
        team: TEAM.to_owned(),
        username: user.username.to_owned(),
        roles: vec![user.role.clone()],
    };
    team::set_member(admin, input).await?;
    Ok(())
}

/// Creates a feature and takes it through its stages; production takes an approval.
async fn live(dev: &Api, lead: &Api, feature: Feature) -> Result<(), Error> {
    let key = feature.key.to_owned();
    let input = CreateFeatureInput {
        team: TEAM.to_owned(),
        key: key.clone(),
        name: Some(feature.name.to_owned()),
        description: Some(feature.description.to_owned()),
        kind: feature.kind,
        pipeline: Some(PIPELINE.to_owned()),
        tags: Some(feature.tags.iter().map(|tag| (*tag).to_owned()).collect()),
        owner: Some(TEAM.to_owned()),
        config: feature.config,
        enabled: Some(true),
        reason: Some(REASON.to_owned()),
        dry_run: None,
    };
    fresh(change::create_feature(dev, input).await)?;
    for stage in feature.promoted_to {
        let input = PromoteInput {
            team: TEAM.to_owned(),
            feature: key.clone(),
            from: None,
            to: Some((*stage).to_owned()),
            reason: Some(REASON.to_owned()),
            apply_at: None,
            dry_run: None,
        };
        let proposal = change::promote(dev, input).await?;
        let waits = matches!(proposal.outcome, ProposalOutcome::Pending | ProposalOutcome::Joined);
        if let Some(change) = proposal.change.filter(|_| waits) {
            let input = VoteInput {
                team: TEAM.to_owned(),
                number: change.number,
                decision: Decision::Approve,
                comment: Some("fine for a demo".to_owned()),
            };
            change::vote(lead, input).await?;
        }
    }
    Ok(())
}

/// Makes a client, keeps its key in a file, and returns its id.
async fn client_with_key(admin: &Api, name: &str, kind: ClientKind, file: &Path) -> Result<Uuid, Fault> {
    let doing = || format!("make the client {name}");
    let clients = client::list(admin, TEAM).await.or_fault(doing)?.nodes;
    let taken = |wanted: &str| clients.iter().find(|client| client.name == wanted);
    if let Some(client) = taken(name)
        && file.exists()
    {
        return Ok(client.id);
    }
    // A key is shown once. One that was made but not kept is lost, and its name with it.
    let names = std::iter::once(name.to_owned()).chain((2..).map(|number| format!("{name}-{number}")));
    let Some(free) = names.into_iter().find(|name| taken(name).is_none()) else {
        return Err(Fault::new(format!("no name left for the client {name}")));
    };
    let input =
        CreateClientInput { team: TEAM.to_owned(), name: free, kind, environment: None, origins: None };
    let secret = client::create(admin, input).await.or_fault(doing)?;
    write_private(file, &format!("{}\n", secret.key))?;
    Ok(secret.client.id)
}

/// Takes "it is there already" for success: an earlier start came this far.
fn fresh<T>(result: Result<T, Error>) -> Result<(), Error> {
    match result {
        Err(error) if error.code() == Some(Code::Conflict) => Ok(()),
        result => result.map(|_| ()),
    }
}

async fn signed_in(ports: Ports, user: &User) -> Result<Api, Error> {
    let api = connect(ports, Credentials::None)?;
    let session = sign_in(&api, user).await?;
    api.sign_with(Credentials::Session(Tokens::from(&session))).await;
    Ok(api)
}

async fn sign_in(api: &Api, user: &User) -> Result<Session, Error> {
    let input = SignInInput { username: user.username.to_owned(), password: user.password.to_owned() };
    session::sign_in(api, input).await
}

fn connect(ports: Ports, credentials: Credentials) -> Result<Api, Error> {
    Api::new(&ports.backend_url(), credentials, PATIENCE)
}
