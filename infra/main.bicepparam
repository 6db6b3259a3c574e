using './main.bicep'

// `azd env set NAME value` or the shell's environment sets them.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'multiply')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')
param instanceMemoryMB = readEnvironmentVariable('INSTANCE_MEMORY_MB', '2048')
param maximumInstanceCount = int(readEnvironmentVariable('MAXIMUM_INSTANCE_COUNT', '100'))
param alwaysReadyInstances = int(readEnvironmentVariable('ALWAYS_READY_INSTANCES', '0'))
param alwaysReadyHttpInstances = int(readEnvironmentVariable('ALWAYS_READY_HTTP_INSTANCES', '0'))
param slowMultiplyDelay = readEnvironmentVariable('SLOW_MULTIPLY_DELAY', '00:00:02')
param slowMultiplyTimeout = readEnvironmentVariable('SLOW_MULTIPLY_TIMEOUT', '00:05:00')
param retentionDays = int(readEnvironmentVariable('RETENTION_DAYS', '30'))
param webhookSecret = readEnvironmentVariable('WEBHOOK_SECRET', '')
param webhookAllowedHosts = readEnvironmentVariable('WEBHOOK_ALLOWED_HOSTS', '')
param privateNetwork = bool(readEnvironmentVariable('PRIVATE_NETWORK', 'false'))
param durableBackend = readEnvironmentVariable('DURABLE_BACKEND', 'storage')
param schedulerCapacity = int(readEnvironmentVariable('SCHEDULER_CAPACITY', '0'))
param dailyTelemetryGB = int(readEnvironmentVariable('DAILY_TELEMETRY_GB', '1'))
