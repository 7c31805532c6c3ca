{{/* The name of the objects. */}}
{{- define "fairlead.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{ .Values.fullnameOverride | trunc 50 | trimSuffix "-" }}
{{- else if contains $name .Release.Name -}}
{{ .Release.Name | trunc 50 | trimSuffix "-" }}
{{- else -}}
{{ printf "%s-%s" .Release.Name $name | trunc 50 | trimSuffix "-" }}
{{- end -}}
{{- end -}}

{{- define "fairlead.selector" -}}
app.kubernetes.io/name: {{ default .Chart.Name .Values.nameOverride | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "fairlead.labels" -}}
{{ include "fairlead.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | quote }}
{{- end -}}

{{- define "fairlead.image" -}}
{{- with .Values.image -}}
{{ required "image.repository is missing: name the repository of the image of Fairlead" .repository }}
{{- if .digest }}@{{ .digest }}{{ else }}:{{ default $.Chart.AppVersion .tag }}{{ end }}
{{- end -}}
{{- end -}}

{{- define "fairlead.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{ default (include "fairlead.fullname" .) .Values.serviceAccount.name }}
{{- else -}}
{{ default "default" .Values.serviceAccount.name }}
{{- end -}}
{{- end -}}

{{/* The files of the signing key by its kind, as `keys` of broker.yaml. */}}
{{- define "fairlead.keys" -}}
{{- if eq .Values.signingKey.kind "authority" }}
- name: default
  authority: { keyFile: /keys/tls.key, certFile: /keys/tls.crt }
{{- else if eq .Values.signingKey.kind "leaf" }}
- { name: default, keyFile: /keys/tls.key, certFile: /keys/tls.crt, caFile: /keys/ca.crt }
{{- else }}
- { name: default, keyFile: /keys/tls.key, certFile: /keys/tls.crt }
{{- end }}
{{- end -}}

{{/* broker.yaml: `config` with what the chart decides. */}}
{{- define "fairlead.config" -}}
{{- $own := dict "listen" "0.0.0.0:5001" "admin" (dict "listen" "0.0.0.0:9091") "stateDir" "/state/broker" -}}
{{- if eq .Values.mode "sidecar" }}{{ $_ := set $own "trustDir" "/trust" }}{{ end -}}
{{- if .Values.signingKey.secret }}{{ $_ := set $own "keys" (include "fairlead.keys" . | fromYamlArray) }}{{ end -}}
{{- $policy := dict "policy" (ternary "/policy/policy.yaml" "policy.yaml" (ne .Values.policy.configMap "")) -}}
{{- toYaml (merge $own .Values.config $policy) -}}
{{- end -}}

{{- define "fairlead.scheme" -}}
{{ ternary "HTTPS" "HTTP" (hasKey .Values.config "tls") }}
{{- end -}}

{{/* The security context of each container: the Restricted profile of the Pod Security Standards. */}}
{{- define "fairlead.confined" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{/* What cannot work is refused here, with what to do. */}}
{{- define "fairlead.check" -}}
{{- $_ := required "config.publicUrl is missing: the URL at which clients reach the broker" .Values.config.publicUrl -}}
{{- $_ := required "config.services is missing: the registries, by the name that each sends as service" .Values.config.services -}}
{{- if not (or .Values.policy.text .Values.policy.configMap .Values.config.policy) -}}
{{ fail "policy.text is missing: write the policy there, or name a ConfigMap with policy.yaml in policy.configMap" }}
{{- end -}}
{{- range list "listen" "admin" "stateDir" "trustDir" -}}
{{- if hasKey $.Values.config . }}{{ fail (printf "config.%s is decided by the chart: remove it" .) }}{{ end -}}
{{- end -}}
{{- if and .Values.signingKey.secret .Values.config.keys -}}
{{ fail "config.keys and signingKey.secret exclude each other: remove one" }}
{{- end -}}
{{- $many := or .Values.autoscaling.enabled (gt (int .Values.replicas) 1) -}}
{{- if and (or $many (eq .Values.mode "deployment")) (not (or .Values.signingKey.secret .Values.config.keys)) -}}
{{ fail "signingKey.secret is missing: without it each broker makes a key of its own, which no registry outside its pod trusts" }}
{{- end -}}
{{- if and $many .Values.state.claim -}}
{{ fail "state.claim is for one replica: the volume cannot be shared; for more, use records.postgres in config" }}
{{- end -}}
{{- range $name, $service := .Values.config.services -}}
{{- if and $many (hasKey (default dict $service) "refreshTokens") (not $.Values.config.records) -}}
{{ fail (printf "config.services.%s.refreshTokens: without records.postgres each broker stores refresh tokens that the others refuse; add it, or use one replica" $name) }}
{{- end -}}
{{- end -}}
{{- if and .Values.httpRoute.enabled (not .Values.httpRoute.parentRefs) -}}
{{ fail "httpRoute.parentRefs is missing: name the Gateway" }}
{{- end -}}
{{- if lt (int .Values.terminationGracePeriodSeconds) (add (int .Values.preStopSeconds) 20) -}}
{{ fail (printf "terminationGracePeriodSeconds must be at least %d: preStopSeconds, and 20 s in which the broker finishes requests" (add (int .Values.preStopSeconds) 20)) }}
{{- end -}}
{{- end -}}
