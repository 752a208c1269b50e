{{- /* What no pod of ours does without. */ -}}
{{- define "holdfast.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end -}}

{{- define "holdfast.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end -}}

{{- define "holdfast.pullSecrets" -}}
{{- with .Values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . }}
  {{- end }}
{{- end }}
{{- end -}}

{{- /* Where pods may run. Takes root, component and values. */ -}}
{{- define "holdfast.scheduling" -}}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- end -}}

{{- /* A variable read from a secret. Takes name, secret and key. */ -}}
{{- define "holdfast.secretEnv" -}}
- name: {{ .name }}
  valueFrom:
    secretKeyRef: { name: {{ .secret }}, key: {{ .key }} }
{{- end -}}

{{- /* Redis, for who uses the cache. */ -}}
{{- define "holdfast.redisEnv" -}}
{{- with .Values.redis }}
{{- if .urlSecret }}
{{ include "holdfast.secretEnv" (dict "name" "HOLDFAST_REDIS" "secret" .urlSecret "key" .urlKey) }}
{{- if .caSecret }}
- { name: HOLDFAST_REDIS_TLS_CA, value: /etc/holdfast/tls/redis/ca.crt }
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "holdfast.kafkaEnv" -}}
{{- with .Values.kafka }}
{{- if .brokers }}
- { name: HOLDFAST_KAFKA, value: {{ join "," .brokers | quote }} }
{{- if .tls.enabled }}
- { name: HOLDFAST_KAFKA_TLS, value: "on" }
{{- if .tls.secret }}
- { name: HOLDFAST_KAFKA_TLS_CERT, value: /etc/holdfast/tls/kafka/tls.crt }
- { name: HOLDFAST_KAFKA_TLS_KEY, value: /etc/holdfast/tls/kafka/tls.key }
- { name: HOLDFAST_KAFKA_TLS_CA, value: /etc/holdfast/tls/kafka/ca.crt }
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "holdfast.postgresEnv" -}}
{{- with .Values.postgres }}
{{ include "holdfast.secretEnv" (dict "name" "HOLDFAST_POSTGRES" "secret" .urlSecret "key" .urlKey) }}
{{- end }}
{{- end -}}

{{- define "holdfast.shardsEnv" -}}
- { name: HOLDFAST_SHARDS, value: {{ include "holdfast.shards" . | quote }} }
{{- if .Values.etcd.tls.enabled }}
- { name: HOLDFAST_ETCD_TLS_CERT, value: /etc/holdfast/tls/etcd/tls.crt }
- { name: HOLDFAST_ETCD_TLS_KEY, value: /etc/holdfast/tls/etcd/tls.key }
- { name: HOLDFAST_ETCD_TLS_CA, value: /etc/holdfast/tls/etcd/ca.crt }
{{- end }}
{{- end -}}

{{- /* What every service reads. */ -}}
{{- define "holdfast.commonEnv" -}}
- { name: HOLDFAST_REGION, value: {{ .Values.region | quote }} }
- { name: HOLDFAST_LOG_LEVEL, value: {{ .Values.logLevel }} }
- { name: HOLDFAST_METRICS_LISTEN, value: "0.0.0.0:9464" }
{{- with .Values.traces }}
{{- if .endpoint }}
- { name: HOLDFAST_TRACES_ENDPOINT, value: {{ .endpoint | quote }} }
- { name: HOLDFAST_TRACES_SAMPLE, value: {{ .sample | quote }} }
{{- if .caSecret }}
- { name: HOLDFAST_TRACES_TLS_CA, value: /etc/holdfast/tls/traces/ca.crt }
{{- end }}
{{- end }}
{{- end }}
{{- if .Values.tls.enabled }}
- { name: HOLDFAST_TLS_CERT, value: /etc/holdfast/tls/service/tls.crt }
- { name: HOLDFAST_TLS_KEY, value: /etc/holdfast/tls/service/tls.key }
- { name: HOLDFAST_TLS_CA, value: /etc/holdfast/tls/service/ca.crt }
{{- else }}
- { name: HOLDFAST_PLAINTEXT, value: allow }
{{- end }}
{{- end -}}

{{- /*
The certificates a service has, as a JSON object of folder and secret. Takes root, component and uses: the list of
etcd, kafka, redis, postgres and s3 that it talks to. Whole folders are mounted, for only those follow a rotation.
*/ -}}
{{- define "holdfast.certificates" -}}
{{- $root := .root -}}{{- $values := .root.Values -}}
{{- $found := dict -}}
{{- if $values.tls.enabled -}}
{{- $own := printf "%s-%s-tls" (include "holdfast.fullname" $root) .component -}}
{{- $_ := set $found "service" (ternary $values.tls.secret $own (eq $values.tls.source "secret")) -}}
{{- end -}}
{{- if and (has "etcd" .uses) $values.etcd.tls.enabled -}}
{{- $_ := set $found "etcd" (include "holdfast.etcd.clientSecret" $root) -}}
{{- end -}}
{{- if and (has "kafka" .uses) $values.kafka.brokers $values.kafka.tls.enabled $values.kafka.tls.secret -}}
{{- $_ := set $found "kafka" $values.kafka.tls.secret -}}
{{- end -}}
{{- if and (has "redis" .uses) $values.redis.urlSecret $values.redis.caSecret -}}
{{- $_ := set $found "redis" $values.redis.caSecret -}}
{{- end -}}
{{- if and (has "postgres" .uses) $values.postgres.caSecret -}}
{{- $_ := set $found "postgres" $values.postgres.caSecret -}}
{{- end -}}
{{- if and (has "s3" .uses) $values.archiver.bucket $values.archiver.caSecret -}}
{{- $_ := set $found "s3" $values.archiver.caSecret -}}
{{- end -}}
{{- if and $values.traces.endpoint $values.traces.caSecret -}}
{{- $_ := set $found "traces" $values.traces.caSecret -}}
{{- end -}}
{{- $found | toJson -}}
{{- end -}}

{{- /* A question to the service's own port for probes. Takes root and path. */ -}}
{{- define "holdfast.probe" -}}
httpGet:
  path: {{ .path }}
  port: metrics
  scheme: {{ ternary "HTTPS" "HTTP" .root.Values.tls.enabled }}
timeoutSeconds: 2
{{- end -}}

{{- /*
A Deployment of one service. Takes root, component, name, values, env (a list as text), uses (see certificates), and
optionally port (of its gRPC door), replicas and labels (further ones of the selector).
*/ -}}
{{- define "holdfast.deployment" -}}
{{- $root := .root -}}
{{- $certificates := include "holdfast.certificates" . | fromJson -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  {{- include "holdfast.metadata" . | nindent 2 }}
spec:
  {{- if $root.Values.maintenance }}
  replicas: 0
  {{- else if hasKey . "replicas" }}
  replicas: {{ .replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  # A pod goes only once its successor serves: an image that does not start leaves all old ones serving.
  strategy:
    type: RollingUpdate
    rollingUpdate: { maxSurge: 1, maxUnavailable: 0 }
  minReadySeconds: 5
  progressDeadlineSeconds: 300
  selector:
    matchLabels:
      {{- include "holdfast.selector" . | nindent 6 }}
      {{- with .labels }}
      {{- toYaml . | nindent 6 }}
      {{- end }}
  template:
    metadata:
      labels:
        {{- include "holdfast.labels" . | nindent 8 }}
        {{- with .labels }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      {{- with .values.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "holdfast.fullname" $root }}-{{ .component }}
      automountServiceAccountToken: false
      # Kubernetes' own variables for each service of the namespace would look like settings of ours.
      enableServiceLinks: false
      # Longer than preStop and the 5 s in which a service drains; a router takes up to a minute more for its streams.
      terminationGracePeriodSeconds: {{ eq .component "router" | ternary 90 30 }}
      securityContext:
        {{- include "holdfast.podSecurity" . | nindent 8 }}
      {{- with include "holdfast.pullSecrets" $root | trim }}{{ . | nindent 6 }}{{ end }}
      {{- with include "holdfast.scheduling" . | trim }}{{ . | nindent 6 }}{{ end }}
      topologySpreadConstraints:
        {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
        - maxSkew: 1
          topologyKey: {{ . }}
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "holdfast.selector" $ | nindent 14 }}
        {{- end }}
      containers:
        - name: {{ .component }}
          image: {{ include "holdfast.image" (dict "root" $root "image" .component) }}
          imagePullPolicy: {{ $root.Values.image.pullPolicy }}
          securityContext:
            {{- include "holdfast.containerSecurity" . | nindent 12 }}
          env:
            {{- include "holdfast.commonEnv" $root | nindent 12 }}
            {{- .env | trim | nindent 12 }}
          ports:
            {{- with .port }}
            - { name: grpc, containerPort: {{ . }} }
            {{- end }}
            - { name: metrics, containerPort: 9464 }
          # /live says that the process runs, and nothing of stores or regions: a pod is never ended because another
          # one is away. /ready is 503 from the beginning of a drain on.
          startupProbe:
            {{- include "holdfast.probe" (dict "root" $root "path" "/live") | nindent 12 }}
            periodSeconds: 2
            failureThreshold: 90
          readinessProbe:
            {{- include "holdfast.probe" (dict "root" $root "path" "/ready") | nindent 12 }}
            periodSeconds: 3
            failureThreshold: 2
          livenessProbe:
            {{- include "holdfast.probe" (dict "root" $root "path" "/live") | nindent 12 }}
            periodSeconds: 10
            failureThreshold: 6
          lifecycle:
            # Until all who sent it work have heard that it goes.
            preStop:
              sleep: { seconds: 5 }
          resources:
            {{- toYaml .values.resources | nindent 12 }}
          volumeMounts:
            - { name: tmp, mountPath: /tmp }
            {{- range $folder, $secret := $certificates }}
            - { name: tls-{{ $folder }}, mountPath: /etc/holdfast/tls/{{ $folder }}, readOnly: true }
            {{- end }}
      volumes:
        - name: tmp
          emptyDir: { sizeLimit: 64Mi }
        {{- range $folder, $secret := $certificates }}
        - name: tls-{{ $folder }}
          secret: { secretName: {{ $secret }}, defaultMode: 0440 }
        {{- end }}
{{- end -}}

{{- /* Keys of Amazon's, where a pod has no role of its own. Takes what has a credentialsSecret. */ -}}
{{- define "holdfast.awsCredentials" -}}
{{- if .credentialsSecret -}}
{{- range list "AWS_ACCESS_KEY_ID" "AWS_SECRET_ACCESS_KEY" }}
{{ include "holdfast.secretEnv" (dict "name" . "secret" $.credentialsSecret "key" .) }}
{{- end }}
{{- end }}
{{- end -}}

{{- /* The archive's bucket, for who fills it and who reads it. */ -}}
{{- define "holdfast.archiveEnv" -}}
{{- with .Values.archiver }}
- { name: HOLDFAST_S3_BUCKET, value: {{ .bucket | quote }} }
- { name: HOLDFAST_S3_REGION, value: {{ .bucketRegion | default $.Values.region | quote }} }
{{- with .endpoint }}
- { name: HOLDFAST_S3_ENDPOINT, value: {{ . | quote }} }
{{- end }}
{{- if .caSecret }}
- { name: HOLDFAST_S3_TLS_CA, value: /etc/holdfast/tls/s3/ca.crt }
{{- end }}
{{- end }}
{{- end -}}
