{{- define "exporter.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The release's name where that says what it is, else with the chart's behind it. */}}
{{- define "exporter.fullname" -}}
{{- $name := include "exporter.name" . }}
{{- $full := contains $name .Release.Name | ternary .Release.Name (printf "%s-%s" .Release.Name $name) }}
{{- default $full .Values.fullnameOverride | trunc 52 | trimSuffix "-" }}
{{- end }}

{{- define "exporter.selectorLabels" -}}
app.kubernetes.io/name: {{ include "exporter.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "exporter.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "exporter.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "exporter.serviceAccountName" -}}
{{- $default := .Values.serviceAccount.create | ternary (include "exporter.fullname" .) "default" }}
{{- default $default .Values.serviceAccount.name }}
{{- end }}

{{- define "exporter.tokenSecret" -}}
{{- empty .Values.tokens | ternary .Values.existingSecret (printf "%s-tokens" (include "exporter.fullname" .)) }}
{{- end }}

{{/* Empty where the exporter serves plain HTTP to everybody. */}}
{{- define "exporter.webSecret" -}}
{{- if .Values.web.existingSecret }}
{{- .Values.web.existingSecret }}
{{- else if .Values.web.config }}
{{- printf "%s-web" (include "exporter.fullname" .) }}
{{- end }}
{{- end }}

{{/* With a web configuration, the kubelet has neither its certificates nor its passwords: then the image's own health
check asks, which needs neither. */}}
{{- define "exporter.probe" -}}
{{- if include "exporter.webSecret" .context -}}
exec:
  command: ["python", "-m", "exporter.healthcheck"]
{{- else -}}
httpGet:
  path: {{ .path }}
  port: metrics
{{- end }}
timeoutSeconds: 5
{{- end }}
