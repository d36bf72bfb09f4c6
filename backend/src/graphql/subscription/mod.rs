//! What can be listened to. Some fields tell what happened, as the audit has it; they go on anywhere `after` a cursor.
//! Others tell a state: at once, and whenever it is another.

mod event;
mod follow;
mod state;

use async_graphql::{Context, Result, Subscription as Fields};

use self::{
    event::{AuditEvent, ChangeEvent, FeatureEvent, KillEvent},
    follow::{Events, Seat, Wanted, follow},
    state::Head,
};
use super::{
    LOOK_UP_COST,
    evaluation::{EvaluationGroup, Evaluations, grouping},
    page::cost,
};
use crate::{
    error::Error,
    service::evaluation::Watched,
    store::{self, edge::Edge, evaluation::series::CountFilter},
};

/// The subscription root.
pub struct Subscription;

#[Fields]
impl Subscription {
    /// What happens to changes: proposals, votes, comments, and what becomes of them. One may be named by its number.
    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn changes(
        &self,
        ctx: &Context<'_>,
        team: String,
        feature: Option<String>,
        environment: Option<String>,
        number: Option<i32>,
        after: Option<String>,
    ) -> Result<Events<ChangeEvent>> {
        let seat = Seat::find(ctx, &team).await?;
        let mut wanted = Wanted { changes: true, ..seat.wanted(feature, environment).await? };
        if let Some(number) = number {
            let mut conn = seat.app.read().await?;
            let found = store::change::get(&mut conn, seat.team.id, number).await.map_err(Error::from)?;
            let unknown = || Error::not_found("change", format!("#{number}"), Vec::new());
            wanted.change = Some(found.ok_or_else(unknown)?.id);
        }
        follow(seat, wanted, after).await
    }

    /// Everything that happens to features. In an environment: also what happens to them everywhere, like being archived.
    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn features(
        &self,
        ctx: &Context<'_>,
        team: String,
        feature: Option<String>,
        environment: Option<String>,
        after: Option<String>,
    ) -> Result<Events<FeatureEvent>> {
        let seat = Seat::find(ctx, &team).await?;
        let wanted = Wanted { features: true, ..seat.wanted(feature, environment).await? };
        follow(seat, wanted, after).await
    }

    /// Kill switches that go on, that go off by hand or at their time, and that get another time.
    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn kills(
        &self,
        ctx: &Context<'_>,
        team: String,
        feature: Option<String>,
        environment: Option<String>,
        after: Option<String>,
    ) -> Result<Events<KillEvent>> {
        let seat = Seat::find(ctx, &team).await?;
        let actions = ["feature.kill", "feature.restore"].map(str::to_owned).to_vec();
        let wanted = Wanted { features: true, actions, ..seat.wanted(feature, environment).await? };
        follow(seat, wanted, after).await
    }

    /// Everything that is done in a team, and what was refused. `action` is how it begins: `feature.kill`, or `feature.`.
    #[graphql(complexity = "LOOK_UP_COST + child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn audit(
        &self,
        ctx: &Context<'_>,
        team: String,
        feature: Option<String>,
        action: Option<String>,
        after: Option<String>,
    ) -> Result<Events<AuditEvent>> {
        let seat = Seat::find(ctx, &team).await?;
        let actions = action.into_iter().collect();
        let wanted = Wanted { actions, ..seat.wanted(feature, None).await? };
        follow(seat, wanted, after).await
    }

    /// How often features were evaluated in the last minutes, 60 when nobody says and at most 180, with the one that is not
    /// over: at once, and whenever the figures are others.
    #[graphql(complexity = "LOOK_UP_COST * 5 + 100 * child_complexity")]
    #[expect(clippy::too_many_arguments, reason = "the fields of a filter")]
    async fn evaluations(
        &self,
        ctx: &Context<'_>,
        team: String,
        feature: Option<String>,
        environment: Option<String>,
        group_by: Option<Vec<EvaluationGroup>>,
        minutes: Option<i64>,
    ) -> Result<Events<Evaluations>> {
        let seat = Seat::find(ctx, &team).await?;
        let wanted = seat.wanted(feature, environment).await?;
        let environment = wanted.environment.map(|environment| environment.id);
        let filter = CountFilter { feature: wanted.feature, environment, ..CountFilter::default() };
        let grouping = grouping(&group_by.unwrap_or_default());
        let watched = Watched { team: seat.team.id, filter, grouping, minutes: minutes.unwrap_or(60) };
        watched.check()?;
        Ok(state::evaluations(seat, watched))
    }

    /// All edges, connected or seen within the last hour: at once, and whenever something of them is another.
    #[graphql(complexity = "cost(None, child_complexity)")]
    async fn edges(&self, ctx: &Context<'_>, team: String) -> Result<Events<Vec<Edge>>> {
        Ok(state::edges(Seat::find(ctx, &team).await?))
    }

    /// The newest revision of what is served: at once, and whenever there is a newer one. Some may be passed over.
    async fn revision(&self, ctx: &Context<'_>) -> Result<Events<Head>> {
        state::revision(ctx)
    }
}
