{{- /* Who may come in to each component, and whom it may call: lists of rules of a NetworkPolicy. */ -}}

{{- /* Pods of this release. Takes root, component and port. */ -}}
{{- define "holdfast.ingress.own" -}}
- from:
    {{- range .components }}
    - podSelector:
        matchLabels:
          {{- include "holdfast.selector" (dict "root" $.root "component" .) | nindent 10 }}
    {{- end }}
  ports: [{ port: {{ .port }} }]
{{- end -}}

{{- define "holdfast.egress.own" -}}
- to:
    - podSelector:
        matchLabels:
          {{- include "holdfast.selector" . | nindent 10 }}
  ports: [{ port: {{ .port }} }]
{{- end -}}

{{- /* Peers that the values name. Takes from and port. */ -}}
{{- define "holdfast.ingress.named" -}}
{{- with .from }}
- from:
    {{- toYaml . | nindent 4 }}
  ports: [{ port: {{ $.port }} }]
{{- end }}
{{- end -}}

{{- /* What lies outside the chart. Takes to and ports. */ -}}
{{- define "holdfast.egress.outside" -}}
- to:
    {{- toYaml .to | nindent 4 }}
  ports:
    {{- range .ports }}
    - port: {{ . }}
    {{- end }}
{{- end -}}

{{- define "holdfast.ingress.metrics" -}}
{{- include "holdfast.ingress.named" (dict "from" .Values.networkPolicy.prometheus "port" 9464) }}
{{- end -}}

{{- define "holdfast.egress.etcd" -}}
{{- if .Values.etcd.external }}
{{ include "holdfast.egress.outside" .Values.networkPolicy.etcd }}
{{- else }}
{{ include "holdfast.egress.own" (dict "root" . "component" "etcd" "port" 2379) }}
{{- end }}
{{- end -}}

{{- define "holdfast.egress.peers" -}}
{{- with .root.Values.networkPolicy.peers }}
- to:
    {{- toYaml . | nindent 4 }}
  ports:
    {{- range $.ports }}
    - port: {{ . }}
    {{- end }}
{{- end }}
{{- end -}}

{{- define "holdfast.egress.kafka" -}}
{{- if .Values.kafka.brokers }}
{{ include "holdfast.egress.outside" .Values.networkPolicy.kafka }}
{{- end }}
{{- end -}}

{{- define "holdfast.egress.redis" -}}
{{- if .Values.redis.urlSecret }}
{{ include "holdfast.egress.outside" .Values.networkPolicy.redis }}
{{- end }}
{{- end -}}

{{- define "holdfast.ingress.router" -}}
{{ include "holdfast.ingress.own" (dict "root" . "components" (list "test") "port" 7420) }}
{{- with .Values.networkPolicy }}
{{- include "holdfast.ingress.named" (dict "from" .clients "port" 7420) }}
{{- include "holdfast.ingress.named" (dict "from" .peers "port" 7420) }}
{{- include "holdfast.ingress.named" (dict "from" .loadBalancers "port" 7420) }}
{{- include "holdfast.ingress.named" (dict "from" .loadBalancers "port" 9464) }}
{{- end }}
{{- include "holdfast.ingress.metrics" . }}
{{- end -}}

{{- define "holdfast.egress.router" -}}
{{- include "holdfast.egress.etcd" . }}
{{- if .Values.coordinator.enabled }}
{{ include "holdfast.egress.own" (dict "root" . "component" "coordinator" "port" 7430) }}
{{- end }}
{{- include "holdfast.egress.peers" (dict "root" . "ports" .Values.networkPolicy.peerPorts.routers) }}
{{- include "holdfast.egress.kafka" . }}
{{- include "holdfast.egress.redis" . }}
{{- end -}}

{{- define "holdfast.ingress.coordinator" -}}
{{ include "holdfast.ingress.own" (dict "root" . "components" (list "router") "port" 7430) }}
{{- include "holdfast.ingress.named" (dict "from" .Values.networkPolicy.peers "port" 7430) }}
{{- include "holdfast.ingress.metrics" . }}
{{- end -}}

{{- define "holdfast.egress.coordinator" -}}
{{- include "holdfast.egress.etcd" . }}
{{- include "holdfast.egress.peers" (dict "root" . "ports" .Values.networkPolicy.peerPorts.coordinators) }}
{{- end -}}

{{- define "holdfast.ingress.placement" }}{{ include "holdfast.ingress.metrics" . }}{{ end -}}
{{- define "holdfast.egress.placement" }}{{ include "holdfast.egress.etcd" . }}{{ end -}}

{{- define "holdfast.ingress.journal" }}{{ include "holdfast.ingress.metrics" . }}{{ end -}}
{{- define "holdfast.egress.journal" -}}
{{- include "holdfast.egress.etcd" . }}
{{- include "holdfast.egress.kafka" . }}
{{- include "holdfast.egress.redis" . }}
{{- end -}}

{{- define "holdfast.ingress.auditor" -}}
{{- include "holdfast.ingress.named" (dict "from" .Values.networkPolicy.clients "port" 7440) }}
{{- include "holdfast.ingress.metrics" . }}
{{- end -}}
{{- define "holdfast.egress.auditor" -}}
{{- include "holdfast.egress.kafka" . }}
{{ include "holdfast.egress.outside" .Values.networkPolicy.postgres }}
{{- if and .Values.auditor.readArchive .Values.archiver.bucket }}
{{ include "holdfast.egress.outside" .Values.networkPolicy.s3 }}
{{- end }}
{{- end -}}

{{- define "holdfast.ingress.archiver" }}{{ include "holdfast.ingress.metrics" . }}{{ end -}}
{{- define "holdfast.egress.archiver" -}}
{{ include "holdfast.egress.outside" .Values.networkPolicy.postgres }}
{{ include "holdfast.egress.outside" .Values.networkPolicy.s3 }}
{{- end -}}

{{- define "holdfast.ingress.test" }}{{ end -}}
{{- define "holdfast.egress.test" -}}
{{ include "holdfast.egress.own" (dict "root" . "component" "router" "port" 7420) }}
{{- end -}}
