{{/* The container of the broker. */}}
{{- define "fairlead.broker" -}}
- name: fairlead
  image: {{ include "fairlead.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  {{- if eq .Values.mode "sidecar" }}
  # Starts before the registry, which reads the certificates at its start.
  restartPolicy: Always
  {{- end }}
  ports:
    - { name: token, containerPort: 5001 }
    - { name: metrics, containerPort: 9091 }
  {{- with .Values.env }}
  env:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  startupProbe:
    httpGet: { path: /healthz, port: token, scheme: {{ include "fairlead.scheme" . }} }
    periodSeconds: 1
    failureThreshold: 30
  livenessProbe:
    httpGet: { path: /healthz, port: token, scheme: {{ include "fairlead.scheme" . }} }
    periodSeconds: 10
    timeoutSeconds: 5
  # Whether the broker can answer. A directory that is down does not take it out of its Service.
  readinessProbe:
    httpGet: { path: /readyz, port: token, scheme: {{ include "fairlead.scheme" . }} }
    periodSeconds: 2
    timeoutSeconds: 3
  {{- if eq .Values.mode "deployment" }}
  lifecycle:
    # Proxies notice the end of a pod later than the pod does. A sidecar ends after the registry, which waits.
    preStop: { sleep: { seconds: {{ .Values.preStopSeconds }} } }
  {{- end }}
  resources:
    {{- toYaml .Values.resources | nindent 4 }}
  securityContext:
    {{- include "fairlead.confined" . | nindent 4 }}
  volumeMounts:
    - { name: config, mountPath: /config, readOnly: true }
    {{- if .Values.policy.configMap }}
    - { name: policy, mountPath: /policy, readOnly: true }
    {{- end }}
    {{- if .Values.secrets }}
    - { name: secrets, mountPath: /secrets, readOnly: true }
    {{- end }}
    {{- if .Values.signingKey.secret }}
    - { name: keys, mountPath: /keys, readOnly: true }
    {{- end }}
    - { name: state, mountPath: /state }
    {{- if eq .Values.mode "sidecar" }}
    - { name: trust, mountPath: /trust }
    {{- end }}
    {{- with .Values.volumeMounts }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
{{- end -}}

{{/* The container of the registry. It sees what it trusts, and no private key. */}}
{{- define "fairlead.registry" -}}
- name: registry
  image: {{ .Values.registry.image }}
  ports: [{ name: registry, containerPort: 5000 }]
  env:
    - { name: REGISTRY_AUTH, value: token }
    - { name: REGISTRY_AUTH_TOKEN_REALM, value: {{ printf "%s/token" (.Values.config.publicUrl | trimSuffix "/") | quote }} }
    - { name: REGISTRY_AUTH_TOKEN_SERVICE, value: {{ keys .Values.config.services | sortAlpha | first | quote }} }
    - { name: REGISTRY_AUTH_TOKEN_ISSUER, value: {{ default "fairlead" (default dict .Values.config.tokens).issuer | quote }} }
    - { name: REGISTRY_AUTH_TOKEN_ROOTCERTBUNDLE, value: /trust/certificates.pem }
    {{- with .Values.registry.env }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  livenessProbe: { httpGet: { path: /, port: registry }, periodSeconds: 10, timeoutSeconds: 5 }
  readinessProbe: { httpGet: { path: /, port: registry } }
  lifecycle:
    preStop: { sleep: { seconds: {{ .Values.preStopSeconds }} } }
  resources:
    {{- toYaml .Values.registry.resources | nindent 4 }}
  securityContext:
    {{- include "fairlead.confined" . | nindent 4 }}
  volumeMounts:
    - { name: trust, mountPath: /trust, readOnly: true }
    - { name: images, mountPath: /var/lib/registry }
{{- end -}}

{{- define "fairlead.volumes" -}}
- { name: config, configMap: { name: {{ include "fairlead.fullname" . }} } }
{{- if .Values.policy.configMap }}
- { name: policy, configMap: { name: {{ .Values.policy.configMap }} } }
{{- end }}
{{- with .Values.secrets }}
# 288 is 0440 in octal: for root and the group 10001.
- name: secrets
  projected:
    defaultMode: 288
    sources:
      {{- range . }}
      - { secret: { name: {{ . }} } }
      {{- end }}
{{- end }}
{{- if .Values.signingKey.secret }}
- { name: keys, secret: { secretName: {{ .Values.signingKey.secret }}, defaultMode: 288 } }
{{- end }}
{{- if .Values.state.claim }}
- { name: state, persistentVolumeClaim: { claimName: {{ .Values.state.claim }} } }
{{- else }}
- { name: state, emptyDir: { medium: Memory, sizeLimit: {{ .Values.state.sizeLimit }} } }
{{- end }}
{{- if eq .Values.mode "sidecar" }}
- { name: trust, emptyDir: { medium: Memory, sizeLimit: 1Mi } }
- { name: images, persistentVolumeClaim: { claimName: {{ default (printf "%s-images" (include "fairlead.fullname" .)) .Values.registry.storage.claim }} } }
{{- end }}
{{- with .Values.volumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
