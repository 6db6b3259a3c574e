param suffix string
param location string
param tags object

@description('The identity that may send telemetry.')
param principalId string
param dailyTelemetryGB int

@description('Who is told when an alert fires; empty for no alerts.')
param alertEmail string

// https://learn.microsoft.com/azure/role-based-access-control/built-in-roles#monitor
var monitoringMetricsPublisher = '3913510d-42f4-4e42-8a64-420c390055eb'

resource workspace 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: 'log-${suffix}'
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: 30
    workspaceCapping: { dailyQuotaGb: dailyTelemetryGB }
    features: { disableLocalAuth: true }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: 'appi-${suffix}'
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    WorkspaceResourceId: workspace.id
    DisableLocalAuth: true
  }
}

resource role 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: insights
  name: guid(insights.id, principalId, monitoringMetricsPublisher)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', monitoringMetricsPublisher)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// What a rule costs a month is on https://azure.microsoft.com/pricing/details/monitor: so there are two, and none without a reader.
resource readers 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(alertEmail)) {
  name: 'ag-${suffix}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'tasks'
    enabled: true
    emailReceivers: [{ name: 'alerts', emailAddress: alertEmail, useCommonAlertSchema: true }]
  }
}

var alerts = [
  {
    name: 'failures'
    title: 'More than a tenth of the tasks have failed'
    query: 'AppMetrics | where Name == "tasks.ended" | summarize failed = sumif(Sum, tostring(Properties.outcome) == "Failed"), ended = sum(Sum) | where failed >= 5 and failed > ended / 10'
  }
  {
    name: 'oldest-pending'
    title: 'A task has waited for more than ten minutes for its first attempt'
    query: 'AppMetrics | where Name == "tasks.oldest_pending" | summarize age = max(Max) | where age > 600'
  }
]

resource rules 'Microsoft.Insights/scheduledQueryRules@2026-03-01' = [
  for alert in alerts: if (!empty(alertEmail)) {
    name: 'alert-${alert.name}-${suffix}'
    location: location
    tags: tags
    properties: {
      displayName: alert.title
      severity: 2
      enabled: true
      scopes: [workspace.id]
      evaluationFrequency: 'PT15M'
      windowSize: 'PT15M'
      autoMitigate: true
      criteria: {
        allOf: [{ query: alert.query, timeAggregation: 'Count', operator: 'GreaterThan', threshold: 0 }]
      }
      actions: { actionGroups: [readers.id] }
    }
  }
]

output connectionString string = insights.properties.ConnectionString
